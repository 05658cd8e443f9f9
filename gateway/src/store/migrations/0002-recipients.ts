import { type Kysely, sql } from 'kysely';

/**
 * People by whichever name they come (phone, wa_id, BSUID), the health of each sender's webhooks, what Meta says about
 * accounts, and the template that a message is made from.
 *
 * A recipient is a text: the canonical phone, or the BSUID of somebody whose phone is not known. Only a name that
 * differs from it has a row among the aliases, so that most messages cost no more than a missed look-up.
 */
export async function up(db: Kysely<unknown>): Promise<void> {
  await sql`
    alter table recipients rename column phone to recipient;
    alter table recipients
      add column phone text,
      add column wa_id text,
      add column user_id text,
      add column parent_user_id text,
      add column username text;
    update recipients set phone = recipient where recipient like '+%';
    update recipients set user_id = recipient where recipient not like '+%';

    create table recipient_aliases (
      workspace_id uuid not null,
      alias text not null,
      recipient text not null,
      learnt_at timestamptz not null,
      primary key (workspace_id, alias)
    );
    create index on recipient_aliases (workspace_id, recipient);

    alter table windows rename column last_inbound_at to opened_at;
    alter table windows add column last_message_at timestamptz;
    update windows set last_message_at = opened_at;

    create table sender_webhooks (
      sender_id uuid primary key references senders on delete cascade,
      first_at timestamptz not null,
      last_at timestamptz not null
    );

    alter table senders
      add column quality_rating text,
      add column messaging_limit text,
      add column account_status text;

    alter table messages
      add column template_id uuid,
      add column played_at timestamptz,
      add column deleted_at timestamptz;

    create table notices (
      id uuid primary key,
      workspace_id uuid not null references workspaces,
      waba_id text not null,
      sender_id uuid,
      kind integer not null,
      field text not null,
      event text,
      value text not null,
      at timestamptz not null,
      received_at timestamptz not null
    );
    create index on notices (workspace_id, id);

    alter table reports alter column message_id drop not null;
    alter table reports add column notice_id uuid;
    alter table report_attempts add column answer text;

    alter table webhook_endpoints add column only_senders uuid[];
  `.execute(db);
}
