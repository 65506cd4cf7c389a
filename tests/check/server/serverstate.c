/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The file in which rooms outlast a restart of their server: whose it must be,
 * and what a server does that is about to stop. */

#include "support/net/netclient.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include "program.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static VmServer *server;
static gchar *folder, *state, *kept;

static void
start (void)
{
  VmServerConfig config = {
    .loopback_only = TRUE, .open_rooms = TRUE, .state_file = state
  };

  server = net_server (&config, NULL);
}

static void
stop (void)
{
  vm_server_stop (server);
  g_clear_object (&server);
}

static void
set_up (void)
{
  folder = g_dir_make_tmp ("vm-state-XXXXXX", NULL);
  state = g_build_filename (folder, "rooms", NULL);
  kept = g_build_filename (folder, "kept", NULL);
}

static void
tear_down (void)
{
  if (server)
    stop ();
  g_remove (state);
  g_remove (kept);
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&state, g_free);
  g_clear_pointer (&kept, g_free);
}

/* A file that a server has written, with one seat. */
static void
write_state (void)
{
  NetSocket *ann;

  start ();
  ann = net_socket_join (server, "blue", "Ann");
  g_free (net_socket_wait (ann, "welcome"));
  stop ();
  net_socket_free (ann);
}

static void
check_participants (guint wanted)
{
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
  g_autofree gchar *line =
      g_strdup_printf ("\nvideomeet_participants %u\n", wanted);

  fail_unless (strstr (answer->text, line) != NULL, "%s", answer->text);
}

/* Said at the start, and not when the rooms are lost. */
GST_START_TEST (test_no_such_folder)
{
  g_autofree gchar *none = g_build_filename (folder, "none", "rooms", NULL);
  g_autofree gchar *in_file = g_build_filename (state, "rooms", NULL);
  const gchar *paths[] = { none, in_file, folder };

  fail_unless (g_file_set_contents (state, "x", 1, NULL));
  for (guint i = 0; i < G_N_ELEMENTS (paths); i++) {
    g_autofree gchar *parent = g_path_get_dirname (paths[i]);
    g_autoptr (VmIdentity) identity = vm_identity_load (NULL, NULL);
    g_autoptr (VmServer) refused = vm_server_new (identity);
    g_autoptr (GError) error = NULL;
    VmServerConfig config = {
      .loopback_only = TRUE, .open_rooms = TRUE, .state_file = paths[i]
    };

    fail_if (vm_server_start (refused, &config, &error));
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
    fail_unless (strstr (error->message, parent) != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_own)
{
  struct stat about;

  write_state ();
  fail_unless (g_stat (state, &about) == 0);
  fail_unless_equals_int (about.st_mode & 07777, 0600);
  start ();
  check_participants (1);
  fail_if (g_file_test (state, G_FILE_TEST_EXISTS));
}

GST_END_TEST;

static void
make_readable (void)
{
  fail_unless (g_chmod (state, 0640) == 0);
}

static void
make_writable (void)
{
  fail_unless (g_chmod (state, 0602) == 0);
}

static void
make_link (void)
{
  fail_unless (g_rename (state, kept) == 0);
  fail_unless (symlink (kept, state) == 0);
}

static void
make_pipe (void)
{
  fail_unless (g_unlink (state) == 0);
  fail_unless (mkfifo (state, 0600) == 0);
}

static void
make_foreign (void)
{
  /* only root can give a file away; to anybody else it is as good as
   * readable */
  if (chown (state, 1, -1) != 0)
    make_readable ();
}

/* A file of something else, that was named by mistake. */
static void
make_other (void)
{
  fail_unless (g_file_set_contents (state, "rooms: none\n", -1, NULL));
  fail_unless (g_chmod (state, 0600) == 0);
}

static void (*const spoil[]) (void) = { make_readable, make_writable, make_link,
  make_pipe, make_foreign, make_other };

/* What others may have put there opens no seat, and is left to its owner, at
 * the end of the server too. */
GST_START_TEST (test_of_others)
{
  struct stat before, after;

  write_state ();
  spoil[__i__]();
  fail_unless (g_lstat (state, &before) == 0);
  g_test_expect_message (
      "videomeet", G_LOG_LEVEL_WARNING, "the rooms of before are not known*");
  start ();
  g_test_assert_expected_messages ();
  check_participants (0);
  stop ();
  fail_unless (g_lstat (state, &after) == 0);
  fail_unless (after.st_ino == before.st_ino && after.st_mode == before.st_mode
               && after.st_size == before.st_size);
}

GST_END_TEST;

/* One that was made beforehand takes the rooms, however it was made. */
GST_START_TEST (test_empty)
{
  fail_unless (g_file_set_contents (state, "", 0, NULL));
  fail_unless (g_chmod (state, 0644) == 0);
  write_state ();
  start ();
  check_participants (1);
}

GST_END_TEST;

static gpointer
stop_in_thread (gpointer data)
{
  vm_server_stop (data);
  return NULL;
}

/* The status of an answer; 0: there is none. */
static guint
ask (guint16 port)
{
  static const gchar request[] =
      "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection = NULL;
  g_autoptr (NetAnswer) answer = NULL;

  g_socket_client_set_timeout (client, NET_SECONDS);
  connection =
      g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, NULL);
  if (!connection)
    return 0;
  answer = net_ask_on (G_IO_STREAM (connection), request, sizeof request - 1);
  return answer->status;
}

/* Somebody does not hang up, so that the server waits a moment for them: who
 * comes back in that moment would find the rooms gone, and is for the next
 * server. */
GST_START_TEST (test_who_comes_back_at_once)
{
  NetSocket *ann;
  GIOStream *silent;
  GThread *thread;
  guint16 port;

  start ();
  port = vm_server_get_port (server);
  silent = net_raw_open (server, "Bob");
  ann = net_socket_join (server, "blue", "Ann");
  g_free (net_socket_wait (ann, "welcome"));
  fail_unless_equals_int (ask (port), 200);
  thread = g_thread_new ("stop", stop_in_thread, server);
  fail_unless_equals_int (net_socket_wait_closed (ann), 1001);
  fail_unless_equals_int (ask (port), 0);
  g_thread_join (thread);
  net_socket_free (ann);
  g_object_unref (silent);
}

GST_END_TEST;

static Suite *
serverstate_suite (void)
{
  Suite *s = suite_create ("serverstate");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_no_such_folder);
  tcase_add_test (tc, test_own);
  tcase_add_test (tc, test_empty);
  tcase_add_test (tc, test_who_comes_back_at_once);
  tcase_add_loop_test (tc, test_of_others, 0, G_N_ELEMENTS (spoil));
  return s;
}

CHECK_PROGRAM (serverstate)
