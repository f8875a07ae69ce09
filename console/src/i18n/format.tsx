import { useEffect, useMemo, useState } from "react";
import { language } from "./language";

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["year", 31_536_000],
  ["month", 2_592_000],
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

/** `2026-11-22 10:22:59 GMT+08:00`, in the zone of the browser. */
export function exactTime(at: string | Date): string {
  const date = new Date(at);
  const two = (value: number) => String(value).padStart(2, "0");
  const offset = -date.getTimezoneOffset();
  const zone = `GMT${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())} ${zone}`;
}

/** Numbers, sizes and times as the user's language writes them. */
export function useFormat() {
  const lng = language.use();
  return useMemo(() => {
    const whole = new Intl.NumberFormat(lng);
    const relative = new Intl.RelativeTimeFormat(lng, { numeric: "auto", style: "short" });
    return {
      number: (value: number) => whole.format(value),
      bytes: (bytes: number) => {
        const step = bytes < 1 ? 0 : Math.min(Math.floor(Math.log2(bytes) / 10), UNITS.length - 1);
        const digits = step === 0 ? 0 : 1;
        return `${new Intl.NumberFormat(lng, { maximumFractionDigits: digits }).format(bytes / 1024 ** step)} ${UNITS[step]}`;
      },
      ago: (at: string | Date, now = Date.now()) => {
        const seconds = (new Date(at).getTime() - now) / 1_000;
        const [unit, size] = STEPS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
        return relative.format(Math.trunc(seconds / size), unit);
      },
      exact: exactTime,
      list: (items: string[]) => new Intl.ListFormat(lng, { type: "conjunction" }).format(items),
    };
  }, [lng]);
}

/** A time as "2 days ago", with the exact one for the pointer. */
export function Ago({ at }: { at: string }) {
  const { ago, exact } = useFormat();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  return (
    <time dateTime={at} title={exact(at)} className="lg-nowrap">
      {ago(at, Math.max(now, new Date(at).getTime()))}
    </time>
  );
}
