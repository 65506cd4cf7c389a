/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What is there before main(), so that two threads do not make it at once. */

#include <gst/check/gstcheck.h>

/* Classes that others name, with interfaces of their own, and those that name them. */
static const gchar *const classes[] = { "GInetSocketAddress", "GSocketAddress",
  "GSocketClient", "GSocketConnection", "GTlsConnection", "SoupMessage",
  "SoupSession", "SoupWebsocketConnection" };
static const gchar *const types[] = { "GSocket", "GSocketConnectable",
  "GInitable", "GProxyResolver", "GTlsDatabase" };

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
  return s;
}

GST_CHECK_MAIN (atload);
