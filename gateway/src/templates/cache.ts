import { type Requirements, requirementsOf } from './requirements.ts';
import type { Account } from './rows.ts';
import type { Template } from './template.ts';

export const accountKey = ({ workspaceId, wabaId }: Account): string => `${workspaceId} ${wabaId}`;

/** A template with what its wording asks of a send, which is worked out once. */
export interface Known {
  readonly template: Template;
  readonly needs: Requirements;
}

/** Templates in memory: a send costs no query. */
export class TemplateCache {
  readonly #byId = new Map<string, Known>();
  readonly #accounts = new Map<string, Map<string, Known>>();

  get(id: string): Known | undefined {
    return this.#byId.get(id);
  }

  find(account: Account, name: string, language: string): Known | undefined {
    return this.#accounts.get(accountKey(account))?.get(`${language} ${name}`);
  }

  all(): Iterable<Known> {
    return this.#byId.values();
  }

  /**
   * Takes an account's templates as they are now.
   *
   * @returns ids of those whose status changed or that went
   */
  put(account: Account, templates: readonly Template[]): string[] {
    const key = accountKey(account);
    const changed: string[] = [];
    const byName = new Map<string, Known>();
    for (const template of templates) {
      const before = this.#byId.get(template.id);
      const same =
        before !== undefined && before.template.updatedAt.getTime() === template.updatedAt.getTime();
      const known = same ? before : { template, needs: requirementsOf(template.components) };
      if (!same && before?.template.status !== template.status) changed.push(template.id);
      else if (before?.template.goneAt?.getTime() !== template.goneAt?.getTime()) changed.push(template.id);
      this.#byId.set(template.id, known);
      const name = `${template.language} ${template.name}`;
      // One that Meta made anew has the name of one that is gone.
      const standing = byName.get(name);
      if (standing === undefined || standing.template.goneAt !== undefined) byName.set(name, known);
    }
    this.#accounts.set(key, byName);
    return changed;
  }
}
