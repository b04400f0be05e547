/** The feed sends a check before the database contains it. After this time, in ms, the database usually contains it. */
export const DATABASE_DELAY_MS = 2_800;
