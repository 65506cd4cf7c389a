/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is there before main(), so that two threads do not make it at once. */

#include <gst/check/gstcheck.h>

/* Classes that others name, with interfaces of their own, and those that name
 * them. */
static const gchar *const classes[] = { "GInetSocketAddress", "GSocketAddress",
  "GSocketClient", "GSocketConnection", "GTlsConnection", "SoupMessage",
  "SoupSession", "SoupWebsocketConnection" };
static const gchar *const types[] = { "GSocket", "GSocketConnectable",
  "GInitable", "GProxyResolver", "GTlsDatabase" };

static guint threads; /* when main() began */

static guint
count_threads (void)
{
  GDir *dir = g_dir_open ("/proc/self/task", 0, NULL);
  guint n = 0;

  while (g_dir_read_name (dir))
    n++;
  g_dir_close (dir);
  return n;
}

/* Who forks has what is there as well. */
GST_START_TEST (test_no_thread)
{
  fail_unless_equals_int (threads, 1);
}

GST_END_TEST;

GST_START_TEST (test_classes)
{
  for (guint i = 0; i < G_N_ELEMENTS (classes); i++) {
    GType type = g_type_from_name (classes[i]);

    fail_unless (type && g_type_class_peek (type), "%s", classes[i]);
  }
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    fail_unless (g_type_from_name (types[i]), "%s", types[i]);
}

GST_END_TEST;

static Suite *
atload_suite (void)
{
  Suite *s = suite_create ("atload");
  TCase *tc = tcase_create ("atload");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_classes);
  tcase_add_test (tc, test_no_thread);
  return s;
}

int
main (int argc, char **argv)
{
  threads = count_threads ();
  gst_check_init (&argc, &argv);
  return gst_check_run_suite (atload_suite (), "atload", __FILE__);
}
