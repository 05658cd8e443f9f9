import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { WhatsApp } from '../src/carriers/whatsapp/client.ts';

/** A client of the Graph API, and a server in its place that keeps the bodies of sends, byte by byte. */
export interface GraphSide {
  readonly whatsapp: WhatsApp;
  readonly bodies: string[];
  /** What the next send is answered with. */
  readonly answerWith: (answer: object) => void;
  readonly close: () => Promise<void>;
}

export async function graphSide(): Promise<GraphSide> {
  const bodies: string[] = [];
  const answers: object[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString());
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(answers.shift() ?? { messages: [{ id: 'wamid.1' }] }));
    });
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const whatsapp = new WhatsApp({
    graphUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    graphVersion: 'v23.0',
    timeoutMs: 5_000,
    connections: 2,
    guardedConnect: (_options, callback) => callback(new Error('not used here'), null),
  });
  return {
    whatsapp,
    bodies,
    answerWith: answer => void answers.push(answer),
    close: async () => {
      await whatsapp.close();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** A number that speaks to it. */
export const GRAPH_SENDER = { phoneNumberId: '1', accessToken: 't', graphUrl: undefined };
