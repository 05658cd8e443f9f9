import { Text } from '@mantine/core';
import { Command } from '../command.tsx';
import classes from './how-to-use.module.css';

/** The gateway's usual address. */
const GATEWAY = 'http://127.0.0.1:8080';

function subscribe(url: string): string {
  return `curl ${GATEWAY}/api/webhook-endpoints \\
  -H 'Authorization: Bearer YOUR_API_KEY' \\
  -H 'Content-Type: application/json' \\
  -d '{
    "url": "${url}",
    "dialect": "telnyx",
    "events": ["message.sent", "message.finalized",
               "message.read", "message.received"]
  }'`;
}

/** For who sees this for the first time. */
export function HowToUse({ url }: { url: string }) {
  return (
    <div className={classes.steps}>
      <Text c="var(--sandbox-quiet)" fz={15}>
        This is what your own endpoint would get. Give its address to the gateway as an endpoint of the
        workspace, or to one message as its <code>webhook_url</code>:
      </Text>
      <Command line={subscribe(url)} />
      <Text c="var(--sandbox-quiet)" fz={15}>
        Or see first how anything arrives:
      </Text>
      <Command
        line={`curl ${url} \\
  -d '{"hello":"world"}'`}
      />
    </div>
  );
}
