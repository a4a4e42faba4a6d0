import { useEffect, useEffectEvent, useRef } from "react";

/** Calls `act` with the value once it has rested for a while; not with the first. */
export function useSettled<Value>(
  value: Value,
  milliseconds: number,
  act: (value: Value) => void,
): void {
  const run = useEffectEvent(act);
  const told = useRef(value);
  useEffect(() => {
    if (Object.is(told.current, value)) return;
    const timer = setTimeout(() => {
      told.current = value;
      run(value);
    }, milliseconds);
    return () => clearTimeout(timer);
  }, [value, milliseconds]);
}
