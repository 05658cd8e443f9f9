import { CopyButton } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { ActionRow } from './action-row.tsx';

export function CopyAction({ text, code }: { text: string; code: string }) {
  return (
    <CopyButton value={code}>
      {({ copied, copy }) => (
        <ActionRow
          text={copied ? `Copied ${code}` : text}
          icon={copied ? <IconCheck size={17} aria-hidden /> : <IconCopy size={17} aria-hidden />}
          onTap={copy}
        />
      )}
    </CopyButton>
  );
}
