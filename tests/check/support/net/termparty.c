/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "support/net/termparty.h"

#include "program.h"

#include <glib/gstdio.h>
#include <string.h>

VmServer *server;
Party ann, bob, carl, dora;

static gboolean
on_wake (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

static gboolean
happens (Done done, Party *party, const gchar *text, gint64 time)
{
  gint64 until = g_get_monotonic_time () + time;
  guint timer = g_timeout_add (20, on_wake, NULL);

  while (!done (party, text) && g_get_monotonic_time () < until)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  return done (party, text);
}

void
wait_until (Done done, Party *party, const gchar *text)
{
  fail_unless (happens (done, party, text, SOON), "%s: not in time: %s (%s)",
      party->user, text ? text : "",
      party->refused ? party->refused->message : "");
}

/* A row of the screen without the spaces at its end. */
static gchar *
row_of (const VmTermPicture *picture, guint row)
{
  GString *text = g_string_new (NULL);

  for (guint col = 0; col < picture->size.cols; col++) {
    const VmTermCell *cell = vm_term_picture_cell (picture, col, row);

    if (cell->width)
      g_string_append_unichar (text, cell->chars[0] ? cell->chars[0] : ' ');
  }
  return g_strchomp (g_string_free (text, FALSE));
}

gboolean
shows (Party *party, const gchar *text)
{
  const VmTermPicture *picture;
  gboolean found = FALSE;

  if (!party->screen)
    return FALSE;
  picture = vm_term_screen_look (party->screen);
  for (guint row = 0; !found && row < picture->size.rows; row++) {
    g_autofree gchar *line = row_of (picture, row);

    found = strstr (line, text) != NULL;
  }
  return found;
}

gboolean
has_control (Party *party, const gchar *text)
{
  gboolean control = FALSE;

  if (party->terminal)
    g_object_get (party->terminal, "control", &control, NULL);
  return control;
}

gboolean
has_no_control (Party *party, const gchar *text)
{
  return !has_control (party, text);
}

/* As Ann and all who see it are told. */
gboolean
is_controlled_by (Party *party, const gchar *user)
{
  g_autofree gchar *controller = NULL;

  g_object_get (party->terminal, "controller", &controller, NULL);
  return g_strcmp0 (controller, user) == 0;
}

gboolean
is_refused (Party *party, const gchar *code)
{
  return party->refused
         && g_str_equal (vm_error_get_code (party->refused), code);
}

gboolean
has_ended (Party *party, const gchar *text)
{
  return party->ended;
}

gboolean
is_ready (Party *party, const gchar *text)
{
  return party->agent->ready
         && (party == &ann
             || vm_agent_control_find (party->agent->control, "Ann", NULL));
}

static void
on_resized (VmTerminal *terminal, guint columns, guint rows, Party *party)
{
  const VmTermSize size = { columns, rows };

  if (party->screen)
    vm_term_screen_resize (party->screen, &size);
  else
    party->screen = vm_term_screen_new (&size);
}

static void
on_output (VmTerminal *terminal, GBytes *bytes, Party *party)
{
  gsize size;
  const gchar *data = g_bytes_get_data (bytes, &size);

  vm_term_screen_feed (party->screen, data, size);
}

static void
on_refused (VmTerminal *terminal, const GError *error, Party *party)
{
  g_clear_error (&party->refused);
  party->refused = g_error_copy (error);
}

static void
on_asked (
    VmTerminal *terminal, const gchar *user, const GError *error, Party *party)
{
  if (error)
    party->asked_in_vain++;
  else
    party->asked++;
}

static void
on_ended (VmTerminal *terminal, gint status, const GError *error, Party *party)
{
  party->ended = TRUE;
  party->status = status;
  g_clear_error (&party->error);
  if (error)
    party->error = g_error_copy (error);
}

void
make_party (Party *party, const gchar *user)
{
  g_autofree gchar *uri =
      g_strdup_printf ("http://127.0.0.1:%u", vm_server_get_port (server));
  g_autoptr (GError) error = NULL;

  party->user = user;
  party->folder = g_dir_make_tmp ("vm-term-XXXXXX", &error);
  g_assert_no_error (error);
  party->identity = vm_identity_load (party->folder, &error);
  g_assert_no_error (error);
  party->agent = vm_agent_new (party->identity, uri, ROOM, user);
  g_object_set (party->agent, "policy", VM_POLICY_OPEN, NULL);
}

void
open_party (Party *party, const gchar *user)
{
  make_party (party, user);
  vm_agent_start_async (party->agent, NULL, NULL, NULL);
}

void
set_up (void)
{
  VmServerConfig config = { .loopback_only = TRUE, .open_rooms = TRUE };

  server = net_server (&config, NULL);
  open_party (&ann, "Ann");
  open_party (&bob, "Bob");
  open_party (&carl, "Carl");
  open_party (&dora, "Dora");
  vm_agent_allow (ann.agent, "Bob", VM_PERMISSIONS_TERMINAL_CONTROL);
  vm_agent_allow (ann.agent, "Carl", VM_PERMISSIONS_TERMINAL_CONTROL);
  wait_until (is_ready, &ann, NULL);
  wait_until (is_ready, &bob, NULL);
  wait_until (is_ready, &carl, NULL);
  wait_until (is_ready, &dora, NULL);
}

static void
on_stopped (GObject *source, GAsyncResult *result, gpointer done)
{
  *(gboolean *) done = TRUE;
}

static void
remove_folder (const gchar *path)
{
  g_autoptr (GDir) dir = g_dir_open (path, 0, NULL);
  const gchar *name;

  while (dir && (name = g_dir_read_name (dir))) {
    g_autofree gchar *inner = g_build_filename (path, name, NULL);

    if (g_remove (inner) != 0)
      remove_folder (inner);
  }
  g_rmdir (path);
}

void
stop_party (Party *party)
{
  gboolean done = FALSE;

  vm_agent_stop_async (party->agent, NULL, on_stopped, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

void
close_party (Party *party)
{
  stop_party (party);
  if (party->terminal) {
    fail_unless (party->ended);
    g_signal_handlers_disconnect_by_data (party->terminal, party);
    fail_unless_equals_int (G_OBJECT (party->terminal)->ref_count, 1);
    g_object_unref (party->terminal);
  }
  fail_unless_equals_int (party->agent->sessions->len, 0);
  fail_unless_equals_int (party->agent->views->len, 0);
  fail_unless_equals_int (G_OBJECT (party->agent)->ref_count, 1);
  g_object_unref (party->agent);
  g_object_unref (party->identity);
  remove_folder (party->folder);
  g_free (party->folder);
  g_clear_pointer (&party->screen, vm_term_screen_free);
  g_clear_error (&party->refused);
  g_clear_error (&party->error);
  memset (party, 0, sizeof *party);
}

void
tear_down (void)
{
  close_party (&dora);
  close_party (&carl);
  close_party (&bob);
  close_party (&ann);
  if (server)
    vm_server_stop (server);
  g_clear_object (&server);
}

void
connect_party (Party *party, VmTerminal *terminal)
{
  if (party->terminal) {
    g_signal_handlers_disconnect_by_data (party->terminal, party);
    g_object_unref (party->terminal);
    g_clear_pointer (&party->screen, vm_term_screen_free);
    party->ended = FALSE;
  }
  party->terminal = terminal;
  g_signal_connect (terminal, "resized", G_CALLBACK (on_resized), party);
  g_signal_connect (terminal, "output", G_CALLBACK (on_output), party);
  g_signal_connect (terminal, "refused", G_CALLBACK (on_refused), party);
  g_signal_connect (terminal, "asked", G_CALLBACK (on_asked), party);
  g_signal_connect (terminal, "ended", G_CALLBACK (on_ended), party);
}

void
share (const gchar *command)
{
  const gchar *argv[] = { "sh", "-c", command, NULL };
  g_autoptr (GError) error = NULL;
  VmTerminal *terminal =
      vm_agent_share_terminal (ann.agent, argv, COLUMNS, ROWS, NULL, &error);

  g_assert_no_error (error);
  connect_party (&ann, terminal);
}

void
view (Party *party)
{
  connect_party (party, vm_agent_view_terminal (party->agent, "Ann", NULL));
}

/* Ann's shell echoes what is typed, and each line once more. */
void
share_cat (void)
{
  share ("echo ready; exec cat");
  wait_until (shows, &ann, "ready");
}

gboolean
type (Party *party, const gchar *text)
{
  return vm_terminal_write (
      party->terminal, (const guint8 *) text, strlen (text));
}

/* Those who ask may ask again at once. */
void
forget_asks (void)
{
  VmAgentTerm *term = ann.agent->term;

  for (guint i = 0; i < term->viewers->len; i++) {
    VmAgentViewer *viewer = g_ptr_array_index (term->viewers, i);

    viewer->asked_at = G_MININT64 / 2;
  }
  term->peace_until = 0;
}

void
take (Party *party)
{
  forget_asks ();
  g_clear_error (&party->refused);
  vm_terminal_set_control (party->terminal, TRUE);
  wait_until (has_control, party, NULL);
  wait_until (is_controlled_by, &ann, party->user);
}

/* Viewers that are made by hand */

static gpointer
serve (gpointer data)
{
  Peer *peer = data;

  vm_agent_term_serve (peer->term, &peer->viewer, peer->pipe, NULL);
  return NULL;
}

void
open_peer_who (Peer *peer, gboolean may_control)
{
  *peer = (Peer){ .term = vm_agent_get_term (ann.agent),
    .viewer = { .id = "peer", .user = "Peer", .may_control = may_control } };
  vm_p2p_pipe_new_pair (16 * 1024 * 1024, &peer->pipe, &peer->other);
  peer->thread = g_thread_new ("peer", serve, peer);
}

void
open_peer (Peer *peer)
{
  open_peer_who (peer, TRUE);
}

void
close_peer (Peer *peer)
{
  vm_p2p_pipe_close (peer->other, NULL);
  g_thread_join (peer->thread);
  vm_p2p_pipe_free (peer->pipe);
  vm_p2p_pipe_free (peer->other);
  vm_agent_term_unref (peer->term);
}

/* The next message, which Ann's context may be needed for; NULL: none within
 * @time. */
GBytes *
hear (Peer *peer, gint64 time, guint8 *type)
{
  gint64 until = g_get_monotonic_time () + time;
  GBytes *body = NULL;

  while (!body && g_get_monotonic_time () < until) {
    body = vm_p2p_pipe_receive (peer->other, 10000, type, NULL);
    while (g_main_context_iteration (NULL, FALSE))
      continue;
  }
  return body;
}

void
say_text (Peer *peer, guint8 type, const gchar *text)
{
  g_autoptr (GBytes) body = g_bytes_new (text, strlen (text));

  fail_unless (vm_p2p_pipe_send (peer->other, type, NULL, 0, body, SOON, NULL));
}

void
grant (const gchar *id, gint64 seconds)
{
  g_autoptr (VmMeshNews) news = g_new0 (VmMeshNews, 1);

  news->a = g_ptr_array_new ();
  news->b = g_ptr_array_new ();
  news->candidates = g_ptr_array_new ();
  news->type = VM_MESH_NEWS_GRANTED;
  news->peer_id = g_strdup (id);
  news->target_device_id = g_strdup (vm_identity_get_device_id (ann.identity));
  news->expires_in = seconds;
  vm_agent_term_take_news (ann.agent->term, news);
}

void
say_seen (Peer *peer, guint64 seen)
{
  g_autoptr (GBytes) body = vm_agent_seen_write (seen);

  fail_unless (vm_p2p_pipe_send (
      peer->other, VM_P2P_TERM_SEEN, NULL, 0, body, SOON, NULL));
}
