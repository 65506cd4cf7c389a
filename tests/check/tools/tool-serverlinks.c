/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "ui/serverlinks.h"

#include "program.h"

static void
links_are (const VmtOptions *options, gboolean secure, const gchar *wanted)
{
  g_autofree gchar *links = vmt_server_links (options, secure, 8080);

  fail_unless_equals_string (links, wanted);
}

GST_START_TEST (test_names)
{
  gchar *one[] = { (gchar *) "a.example", NULL };
  gchar *many[] = { (gchar *) "a", (gchar *) "b", (gchar *) "a", (gchar *) "c",
    (gchar *) "d", (gchar *) "e", NULL };
  gchar *address[] = { (gchar *) "2001:db8::1", NULL };
  VmtOptions options = { .names = address };

  links_are (&options, TRUE, "https://[2001:db8::1]:8080/");
  options.names = one;
  links_are (&options, TRUE, "https://a.example:8080/");
  options.names = many;
  links_are (&options, FALSE,
      "http://a:8080/  http://b:8080/  http://c:8080/  http://d:8080/");
  /* the names are those of what stands in front of it */
  options.loopback = TRUE;
  links_are (&options, FALSE, "http://localhost:8080/");
}

GST_END_TEST;

/* Whatever this machine has, each can be clicked. */
GST_START_TEST (test_addresses)
{
  const VmtOptions options = { 0 };
  g_autofree gchar *links = vmt_server_links (&options, TRUE, 8080);
  g_auto (GStrv) each = g_strsplit (links, "  ", -1);

  fail_unless (*each && g_strv_length (each) <= VMT_SERVER_LINKS_MAX);
  for (guint i = 0; each[i]; i++) {
    g_autoptr (GUri) uri = g_uri_parse (each[i], G_URI_FLAGS_NONE, NULL);

    fail_unless (uri != NULL, "%s", each[i]);
    fail_unless_equals_int (g_uri_get_port (uri), 8080);
    fail_if (g_str_has_prefix (g_uri_get_host (uri), "127."));
  }
}

GST_END_TEST;

static Suite *
tool_serverlinks_suite (void)
{
  Suite *s = suite_create ("tool-serverlinks");
  TCase *tc = tcase_create ("tool-serverlinks");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_names);
  tcase_add_test (tc, test_addresses);
  return s;
}

CHECK_PROGRAM (tool_serverlinks)
