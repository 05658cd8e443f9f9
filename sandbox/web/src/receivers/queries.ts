import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useLive } from '../live.ts';
import { applyToDeliveries } from './deliveries.ts';
import {
  blank,
  type Change,
  changeReceiver,
  emptyReceiver,
  getDeliveries,
  getDelivery,
  getReceivers,
  MAIN,
  type Receiver,
} from './receiver.ts';

export function useReceivers() {
  return useQuery({ queryKey: ['receivers'], queryFn: getReceivers });
}

/** The receiver of this name, as it would be when there is none yet; undefined until the sandbox has answered. */
export function useReceiver(name: string): Receiver | undefined {
  const { data } = useReceivers();
  const main = data?.find(each => each.name === MAIN);
  if (!main) return undefined;
  return data?.find(each => each.name === name) ?? blank(name, new URL(main.url).origin);
}

export function useDeliveries(name: string) {
  const live = useLive();
  return useQuery({
    queryKey: ['deliveries', name],
    queryFn: async () => {
      const mark = live.mark();
      return applyToDeliveries(await getDeliveries(name), name, live.since(mark));
    },
  });
}

export function useDelivery(name: string, id: string) {
  return useQuery({ queryKey: ['delivery', name, id], queryFn: () => getDelivery(name, id) });
}

export function useChangeReceiver(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Change) => changeReceiver(name, change),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['receivers'] }),
  });
}

export function useEmptyReceiver(name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => emptyReceiver(name),
    onSuccess: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: ['receivers'] }),
        queries.invalidateQueries({ queryKey: ['deliveries', name] }),
      ]),
  });
}
