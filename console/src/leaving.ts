// The way out.
import { notifications } from "@mantine/notifications";
import { api, told } from "./api";

/** Ends this session and goes on to sign in; after that to `next`, by itself to the spaces. */
export async function signOut(next?: string): Promise<void> {
  try {
    const { data: sessions } = await told(api.GET("/v1/me/sessions", { params: { query: { limit: 100 } } }));
    const own = sessions.find((session) => session.current);
    if (own) await told(api.DELETE("/v1/me/sessions/{session_id}", { params: { path: { session_id: own.id } } }));
    location.assign(next ? `/login?next=${encodeURIComponent(next)}` : "/login");
  } catch (error) {
    notifications.show({ color: "red", title: "You are still signed in", message: (error as Error).message });
  }
}
