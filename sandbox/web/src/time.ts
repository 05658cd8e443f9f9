const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const clockOfSeconds = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });
const sameYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const otherYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' });

export function timeOfDay(at: string): string {
  return clock.format(new Date(at));
}

/** To the second: what machines send follows close on each other. */
export function exactTime(at: string): string {
  return clockOfSeconds.format(new Date(at));
}

export function fullTime(at: string): string {
  return full.format(new Date(at));
}

/** The day as a person says it: Today, Yesterday, 3 Nov, 3 Nov 2024; by the browser's clock. */
export function dayName(at: string, now = new Date()): string {
  const day = new Date(at);
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate());
  const days = Math.round(
    (midnight.getTime() - new Date(day.getFullYear(), day.getMonth(), day.getDate()).getTime()) / 86_400_000,
  );
  if (days === 0) return 'Today';
  if (days === 1) return 'Yesterday';
  return (day.getFullYear() === now.getFullYear() ? sameYear : otherYear).format(day);
}

/** For the list: the time of today's message, the day of an older one. */
export function shortTime(at: string): string {
  const day = dayName(at);
  return day === 'Today' ? timeOfDay(at) : day;
}

/** 75.4 s as "1:15". */
export function playTime(seconds: number): string {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}
