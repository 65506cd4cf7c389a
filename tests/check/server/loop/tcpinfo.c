/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "server/loop/tcpinfo.h"

#include <errno.h>
#include <fcntl.h>
#include <gst/check/gstcheck.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "program.h"

/* What the kernel knows of a connection. */

#define LONG (60 * G_USEC_PER_SEC)

typedef struct
{
  gint ours, theirs;
} Pair;

static Pair
connect_pair (void)
{
  struct sockaddr_in address = { .sin_family = AF_INET,
    .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  gint listener = socket (AF_INET, SOCK_STREAM, 0);
  Pair pair;

  fail_unless (bind (listener, (struct sockaddr *) &address, size) == 0);
  fail_unless (listen (listener, 1) == 0);
  fail_unless (
      getsockname (listener, (struct sockaddr *) &address, &size) == 0);
  pair.ours = socket (AF_INET, SOCK_STREAM, 0);
  fail_unless (connect (pair.ours, (struct sockaddr *) &address, size) == 0);
  pair.theirs = accept (listener, NULL, NULL);
  fail_unless (pair.theirs >= 0);
  close (listener);
  return pair;
}

/* Who reads nothing of much is slow, until it has not answered for the time. */
GST_START_TEST (test_slow)
{
  static const gchar much[64 * 1024];
  Pair pair = connect_pair ();

  fail_if (vm_socket_is_slow (pair.ours, LONG), "nothing waits");
  fail_unless (fcntl (pair.ours, F_SETFL, O_NONBLOCK) == 0);
  while (write (pair.ours, much, sizeof much) > 0)
    continue;
  fail_unless_equals_int (errno, EAGAIN);
  fail_unless (vm_socket_is_slow (pair.ours, LONG));
  fail_if (vm_socket_is_slow (pair.ours, 0), "nothing is as fast");
  fail_if (vm_socket_is_slow (-1, LONG));
  close (pair.ours);
  close (pair.theirs);
}

GST_END_TEST;

static Suite *
tcpinfo_suite (void)
{
  Suite *s = suite_create ("tcpinfo");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_slow);
  return s;
}

CHECK_PROGRAM (tcpinfo)
