import { createRoot } from "react-dom/client";
import { z } from "zod";
import { App } from "./app.tsx";
import "./style.css";
import { guardUnsaved } from "./ui/unsaved.ts";

guardUnsaved();

// Zod would try to make code from text. The page's content security policy forbids that.
z.config({ jitless: true });

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
