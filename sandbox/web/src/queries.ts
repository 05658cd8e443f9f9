import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  getMessages,
  getPhones,
  getProfile,
  getSenders,
  getSettings,
  markRead,
  type Profile,
  type Settings,
  setAutoRead,
  setProfile,
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

export function useProfile(phone: string) {
  return useQuery({ queryKey: ['profile', phone], queryFn: () => getProfile(phone) });
}

export function useSetProfile(phone: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (profile: Omit<Profile, 'user_id'>) => setProfile(phone, profile),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['profile', phone] }),
        queries.invalidateQueries({ queryKey: ['phones'] }),
      ]),
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
