/** The page at /docs. The hub itself answers with the HTML around it (src/http/hub/docs.ts). */
import { createRoot } from "react-dom/client";
import "./api-docs.css";
import { ApiDocs } from "./pages/api-docs/api-docs.tsx";

const root = document.getElementById("root");
if (root !== null) createRoot(root).render(<ApiDocs />);
