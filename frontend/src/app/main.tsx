import { restoreSession } from "@/api/session";
import "@/app/styles.css";

// The session is asked for while the application itself is still on its way: see `preloadStart` in
// vite.config.ts.
void restoreSession();
// React DOM comes first, in a task of its own: one task for all would keep a slow phone's page from answering.
void import("react-dom/client").then(() => import("@/app/start"));
