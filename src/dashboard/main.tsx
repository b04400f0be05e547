import { createRoot } from "react-dom/client";
import { z } from "zod";
import { App } from "./app.tsx";
import "./style.css";

// The page's content security policy forbids code made from text, which zod would otherwise try.
z.config({ jitless: true });

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<App />);
