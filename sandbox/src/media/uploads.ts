import { randomBytes } from 'node:crypto';

/** A resumable upload that has begun. */
export interface Upload {
  /** `upload:…`, what the address of the upload ends with */
  id: string;
  appId: string;
  mimeType: string;
  /** bytes announced */
  length: number;
  bytes: Buffer;
}

/** Meta's resumable uploads live a day at most; a laptop keeps the newest. */
const UPLOADS_MAX = 100;
const HANDLES_MAX = 10_000;

/** Samples of template headers, uploaded at Meta's Resumable Upload API; what counts afterwards is the handle. */
export class Uploads {
  readonly #open = new Map<string, Upload>();
  readonly #handles = new Set<string>();

  begin(appId: string, mimeType: string, length: number): Upload {
    const id = `upload:${randomBytes(24).toString('base64url')}`;
    const upload = { id, appId, mimeType, length, bytes: Buffer.alloc(0) };
    this.#open.set(id, upload);
    if (this.#open.size > UPLOADS_MAX) this.#open.delete(this.#open.keys().next().value!);
    return upload;
  }

  get(id: string): Upload | undefined {
    return this.#open.get(id);
  }

  /** Adds the next bytes; returns the handle once the file is whole. */
  append(upload: Upload, bytes: Buffer): string | undefined {
    upload.bytes = Buffer.concat([upload.bytes, bytes]);
    if (upload.bytes.length < upload.length) return undefined;
    this.#open.delete(upload.id);
    const type = Buffer.from(upload.mimeType).toString('base64');
    const handle = `4::${type}:AR${randomBytes(48).toString('base64url')}:e:${upload.appId}`;
    this.#handles.add(handle);
    if (this.#handles.size > HANDLES_MAX) this.#handles.delete(this.#handles.values().next().value!);
    return handle;
  }

  /** Whether an upload has given this handle. */
  isHandle(handle: string): boolean {
    return this.#handles.has(handle);
  }
}
