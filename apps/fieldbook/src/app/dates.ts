/** Dates and moments as people say them. Dates are ISO strings; the day of a moment is this device's. */
import { messages } from './messages.ts';

const DAY_MS = 86_400_000;
const { locale } = messages;
const time = new Intl.DateTimeFormat(locale, { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat(locale, { weekday: 'long' });
const shortDay = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'short', year: 'numeric' });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'short' });
const dateOnly = new Intl.DateTimeFormat(locale, { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const distance = new Intl.RelativeTimeFormat(locale, { numeric: 'auto' });

/** A moment as one would say it: today, yesterday, a weekday, weeks ago, then the date. */
export function sayWhen(moment: Date, now: Date): string {
  const days = Math.round((startOfDay(now).getTime() - startOfDay(moment).getTime()) / DAY_MS);
  if (days === 0) return messages.when.today(time.format(moment));
  if (days === 1) return messages.when.yesterday(time.format(moment));
  if (days > 1 && days < 7) return `${weekday.format(moment)}, ${time.format(moment)}`;
  if (days >= 7 && days < 57) return capitalized(distance.format(-Math.round(days / 7), 'week'));
  return shortDay.format(moment);
}

function capitalized(text: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}

/** A moment to the minute, with its weekday. */
export function sayExactly(moment: Date): string {
  return exact.format(moment);
}

/** How far ahead a moment is: "in 5 minutes". */
export function sayAhead(moment: Date, now: Date): string {
  const seconds = Math.max(1, Math.round((moment.getTime() - now.getTime()) / 1000));
  return seconds < 90 ? distance.format(seconds, 'second') : distance.format(Math.round(seconds / 60), 'minute');
}

/** `1984-03-09` as "9 March 1984". */
export function sayDate(isoDate: string): string {
  const day = new Date(`${isoDate}T00:00:00Z`);
  return Number.isNaN(day.getTime()) ? isoDate : dateOnly.format(day);
}

/** The day of a moment, short: "9 Mar 1984". */
export function sayDay(moment: Date): string {
  return shortDay.format(moment);
}

/** Age in whole years, or in months below two years; null where the date is none or lies ahead. */
export function ageOn(birthDate: string, today: Date): { readonly years: number } | { readonly months: number } | null {
  const match = /^(\d{4})-(\d{2})-(\d{2})$/.exec(birthDate);
  if (!match) return null;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const notYet = today.getDate() < day ? 1 : 0;
  const months = (today.getFullYear() - year) * 12 + (today.getMonth() + 1 - month) - notYet;
  if (months < 0) return null;
  return months < 24 ? { months } : { years: Math.floor(months / 12) };
}

export function startOfDay(moment: Date): Date {
  return new Date(moment.getFullYear(), moment.getMonth(), moment.getDate());
}

/** This device's date, `2026-11-21`, as a date field wants it. */
export function localDate(moment: Date): string {
  return `${pad(moment.getFullYear(), 4)}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
}

/** This device's time of day, `09:05`. */
export function localTime(moment: Date): string {
  return `${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
}

/** A date and a time of day, as two fields give them, as an instant with this device's offset; null where they are none. */
export function instantOf(date: string, timeOfDay: string): string | null {
  const moment = new Date(`${date}T${timeOfDay}:00`);
  if (Number.isNaN(moment.getTime())) return null;
  const offset = -moment.getTimezoneOffset();
  const sign = offset < 0 ? '-' : '+';
  const minutes = Math.abs(offset);
  return `${date}T${timeOfDay}:00${sign}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
}

function pad(value: number, length = 2): string {
  return String(value).padStart(length, '0');
}
