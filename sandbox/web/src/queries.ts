import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  getMessages,
  getPhones,
  getSenders,
  getSettings,
  markRead,
  type Reply,
  type Settings,
  setAutoRead,
  writeFrom,
} from './api.ts';
import { applyToMessages, applyToPhones } from './events.ts';
import { useLive } from './live.ts';

export function usePhones() {
  const live = useLive();
  return useQuery({
    queryKey: ['phones'],
    queryFn: async () => {
      const mark = live.mark();
      return applyToPhones(await getPhones(), live.since(mark));
    },
  });
}

export function useMessages(phone: string) {
  const live = useLive();
  return useQuery({
    queryKey: ['messages', phone],
    queryFn: async () => {
      const mark = live.mark();
      return applyToMessages(await getMessages(phone), phone, live.since(mark));
    },
  });
}

export function useSenders() {
  return useQuery({ queryKey: ['senders'], queryFn: getSenders });
}

export function useSettings() {
  return useQuery({ queryKey: ['settings'], queryFn: getSettings });
}

export function useSetAutoRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: setAutoRead,
    onSuccess: settings => queries.setQueryData<Settings>(['settings'], settings),
    onError: () => queries.invalidateQueries({ queryKey: ['settings'] }),
  });
}

export function useMarkRead() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: markRead,
    retry: 2,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['phones'] }),
  });
}

export function useWrite(phone: string) {
  const live = useLive();
  return useMutation({
    mutationFn: (reply: Reply) => writeFrom(phone, reply),
    onSuccess: message => live.add({ kind: 'message', message }),
  });
}
