import { useEffect, useEffectEvent, useState } from "react";

/** Whole seconds left of a wait that begins with the first call; `done` is called at its end. */
export function useCountdown(seconds: number, done?: () => void): number {
  const [left, setLeft] = useState(seconds);
  const finish = useEffectEvent(() => done?.());
  useEffect(() => {
    const end = Date.now() + seconds * 1000;
    const timer = setInterval(() => {
      const remaining = Math.max(0, Math.ceil((end - Date.now()) / 1000));
      setLeft(remaining);
      if (remaining > 0) return;
      clearInterval(timer);
      finish();
    }, 250);
    return () => clearInterval(timer);
  }, [seconds]);
  return left;
}
