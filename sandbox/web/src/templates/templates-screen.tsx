import { Badge, Button, Menu, Text, Title } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSenders } from '../queries.ts';
import { byAccount, decide, getTemplates, type RegistryTemplate, type Verdict, wordsOf } from './template.ts';
import classes from './templates-screen.module.css';

/** No event tells of templates, so that the list is asked for again while it is looked at, ms. */
const EVERY_MS = 2_000;

/** The registry of templates, account by account, with a reviewer's powers. */
export function TemplatesScreen() {
  const templates = useQuery({ queryKey: ['templates'], queryFn: getTemplates, refetchInterval: EVERY_MS });
  const senders = useSenders();
  const numbersOf = (wabaId: string) =>
    senders.data
      ?.filter(({ waba_id }) => waba_id === wabaId)
      .map(({ display_name, phone_number }) => display_name || phone_number)
      .join(', ');
  return (
    <div className={classes.pane}>
      <div>
        <Title order={2} size={20}>
          Templates
        </Title>
        <span className={classes.quiet}>
          What is decided here reaches the business by webhook, as from Meta.
        </span>
      </div>
      {templates.isError && !templates.data && (
        <Text role="alert" c="var(--sandbox-bad)">
          {templates.error.message}
        </Text>
      )}
      {templates.data?.length === 0 && <Text className={classes.quiet}>No account has a template yet.</Text>}
      {byAccount(templates.data ?? []).map(([wabaId, own]) => (
        <section key={wabaId} className={classes.account} aria-label={`Account ${wabaId}`}>
          <h3>
            {numbersOf(wabaId) || 'Account'} <span className={classes.quiet}>{wabaId}</span>
          </h3>
          <ul className={classes.list}>
            {own.map(template => (
              <TemplateRow key={template.id} template={template} />
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

const COLOURS: Record<string, string> = {
  APPROVED: 'teal',
  PENDING: 'yellow',
  PAUSED: 'orange',
  REJECTED: 'red',
  DISABLED: 'red',
  GREEN: 'teal',
  YELLOW: 'yellow',
  RED: 'red',
};

const VERDICTS: { label: string; verdict: Verdict }[] = [
  { label: 'Approve', verdict: { status: 'APPROVED' } },
  { label: 'Reject', verdict: { status: 'REJECTED', reason: 'INVALID_FORMAT' } },
  { label: 'Pause', verdict: { status: 'PAUSED' } },
  { label: 'Disable', verdict: { status: 'DISABLED' } },
];

const QUALITIES = ['GREEN', 'YELLOW', 'RED'] as const;

function TemplateRow({ template }: { template: RegistryTemplate }) {
  const queries = useQueryClient();
  const decision = useMutation({
    mutationFn: (verdict: Verdict) => decide(template.id, verdict),
    onSettled: () => queries.invalidateQueries({ queryKey: ['templates'] }),
  });
  const { name, language, category, status, rejected_reason: reason, quality_score } = template;
  const quality = quality_score?.score;
  const given = QUALITIES.find(each => each === quality);
  return (
    <li className={classes.row}>
      <details className={classes.words}>
        <summary>
          <span className={classes.name}>{name}</span>{' '}
          <span className={classes.quiet}>
            {language} · {category.toLowerCase()}
          </span>
        </summary>
        <p className={classes.text} dir="auto">
          {wordsOf(template)}
        </p>
      </details>
      {status === 'REJECTED' && reason !== undefined && reason !== 'NONE' && (
        <span className={classes.reason}>{reason.replaceAll('_', ' ').toLowerCase()}</span>
      )}
      {given && (
        <Badge size="sm" variant="dot" color={COLOURS[given]}>
          {given.toLowerCase()}
        </Badge>
      )}
      <Badge size="sm" variant="light" color={COLOURS[status] ?? 'gray'}>
        {status.replaceAll('_', ' ')}
      </Badge>
      <Menu position="bottom-end" shadow="md">
        <Menu.Target>
          <Button
            variant="default"
            size="compact-sm"
            loading={decision.isPending}
            rightSection={<IconChevronDown size={14} aria-hidden />}
            aria-label={`Decide on ${name}, ${language}`}
          >
            Decide
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {VERDICTS.map(({ label, verdict }) => (
            <Menu.Item
              key={label}
              disabled={verdict.status === status}
              onClick={() => decision.mutate(verdict)}
            >
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          {QUALITIES.map(each => (
            <Menu.Item
              key={each}
              disabled={each === quality}
              onClick={() => decision.mutate({ quality: each })}
            >
              Quality {each.toLowerCase()}
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      {decision.isError && (
        <Text role="alert" size="sm" c="var(--sandbox-bad)" w="100%">
          {decision.error.message}
        </Text>
      )}
    </li>
  );
}
