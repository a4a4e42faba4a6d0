import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "@/app/App";
import { restoreSession } from "@/api/session";
import "@/app/styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has no #root");

void restoreSession();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
