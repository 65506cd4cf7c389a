/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What others have open when a server ends: a descriptor that another thread
 * opens the moment libwebsockets has closed its event pipe stays open. No
 * thread would be sure to be that fast, so this program has its own close(),
 * which opens a file then, as another thread would. And what the server had
 * open is closed. */

#include "support/net/netclient.h"

#include "program.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define OPENED_MAX 16

static gint closed_twice;
static gint n_opened;
static int opened[OPENED_MAX];
/* Atomic: of the server that ends, while it does; others open files then. */
static gint event_pipe = -1;

/* In place of the C library's, for this program and its libraries. */
__attribute__ ((visibility ("default"))) int
close (int fd)
{
  gboolean opens = fd >= 0 && fd == g_atomic_int_get (&event_pipe);
  int (*next) (int) = (int (*) (int)) dlsym (RTLD_NEXT, "close");
  int result = next (fd);

  if (result != 0 && errno == EBADF)
    g_atomic_int_inc (&closed_twice);
  if (opens && n_opened < OPENED_MAX)
    opened[n_opened++] = open ("/dev/null", O_RDONLY | O_CLOEXEC);
  return result;
}

static VmServer *
start (gboolean secure)
{
  VmServerConfig config = { .loopback_only = !secure };
  VmServer *server = net_server (&config, NULL);
  g_autoptr (NetAnswer) answer =
      net_ask (server, "GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");

  fail_unless_equals_int (answer->status, 200);
  return server;
}

static void
check_end (gboolean secure)
{
  VmServer *server = start (secure);

  fail_unless (server->event_pipe >= 0);
  n_opened = 0;
  g_atomic_int_set (&closed_twice, 0);
  g_atomic_int_set (&event_pipe, server->event_pipe);
  vm_server_stop (server);
  g_atomic_int_set (&event_pipe, -1);
  fail_unless (n_opened > 0);
  fail_unless_equals_int (g_atomic_int_get (&closed_twice), 0);
  for (gint i = 0; i < n_opened; i++) {
    fail_unless (fcntl (opened[i], F_GETFD) >= 0, "another's file is closed");
    close (opened[i]);
  }
  g_object_unref (server);
}

GST_START_TEST (test_others_stay_open)
{
  check_end (FALSE);
}

GST_END_TEST;

GST_START_TEST (test_others_stay_open_secure)
{
  check_end (TRUE);
}

GST_END_TEST;

static guint
count_open (void)
{
  g_autoptr (GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  guint count = 0;

  while (g_dir_read_name (dir))
    count++;
  return count;
}

GST_START_TEST (test_closes_what_was_open)
{
  guint before = 0;

  /* what libraries open once and keep is open after the first time */
  for (guint i = 0; i < 3; i++) {
    VmServer *server = start (TRUE);

    vm_server_stop (server);
    g_object_unref (server);
    if (i > 0)
      fail_unless_equals_int (count_open (), before);
    before = count_open ();
  }
}

GST_END_TEST;

static Suite *
serverend_suite (void)
{
  Suite *s = suite_create ("serverend");
  TCase *tc = tcase_create ("serverend");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_others_stay_open);
  tcase_add_test (tc, test_others_stay_open_secure);
  tcase_add_test (tc, test_closes_what_was_open);
  return s;
}

CHECK_PROGRAM (serverend)
