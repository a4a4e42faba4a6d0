import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { useEffect } from "react";
import { createQueryClient } from "@/api/query-client";
import { subscribeSession, getSession, useSession } from "@/api/session";
import { toast } from "@/components/toast";
import { Toaster } from "@/components/Toaster";
import { TooltipProvider } from "@/components/Tooltip";
import { createAppRouter, fetchScreen } from "@/app/router";
import { Splash } from "@/app/Splash";
import { SessionExpired } from "@/features/auth";

const queryClient = createQueryClient((problem) =>
  toast(problem.title, { detail: problem.message, tone: "danger" }),
);
const router = createAppRouter(queryClient);
// In a task of its own, so that the page can answer in between.
if (getSession().status === "unknown") setTimeout(() => fetchScreen(router));

export function App() {
  const { status } = useSession();
  useEffect(() => followSession(), []);
  if (status === "unknown") return <Splash />;
  return (
    <QueryClientProvider client={queryClient}>
      <TooltipProvider delayDuration={400}>
        <RouterProvider router={router} />
        <SessionExpired />
        <Toaster />
      </TooltipProvider>
    </QueryClientProvider>
  );
}

/** Whoever leaves takes along what was fetched for them, and the pages ask who is there now. */
function followSession(): () => void {
  let before = getSession().status;
  return subscribeSession(() => {
    const { status } = getSession();
    if (status === "signed-out") queryClient.clear();
    if (status !== before && before !== "unknown" && status !== "expired" && before !== "expired") {
      void router.invalidate();
    }
    if (status === "signed-out" && before === "expired") void router.invalidate();
    before = status;
  });
}
