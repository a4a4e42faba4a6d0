import { restoreSession } from "@/api/session";
import "@/app/styles.css";

// The session is asked for while the application itself is still on its way: see `preloadStart` in
// vite.config.ts.
void restoreSession();
void import("@/app/start");
