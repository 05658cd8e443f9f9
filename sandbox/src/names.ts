const NAMES =
  'Ana,Bruno,Chidi,Dalia,Emre,Fatima,Goran,Hana,Ibrahim,Jola,Kofi,Leïla,Marek,Nadia,Olu,Priya,Quentin,Rosa,Søren,Tariq,Ulla,Vera,Wei,Ximena,Yusuf,Zoë'.split(
    ',',
  );

/** The profile name of a phone that nobody has named; the same number always has the same one. */
export function nameOf(phone: string): string {
  let hash = 0;
  for (let i = 1; i < phone.length; i++) hash = (hash * 31 + phone.charCodeAt(i)) >>> 0;
  return NAMES[hash % NAMES.length]!;
}
