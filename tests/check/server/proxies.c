/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Whom X-Forwarded-For is believed from, and what. */

#include "program.h"

#include <gst/videomeet/server/access/proxies.h>
#include <gst/videomeet/vmerror.h>

static const gchar *const texts[] = { "10.0.0.1", "192.168.0.0/16", "fd00::/8",
  NULL };

static gboolean told; /* by the last find() */

static gchar *
find (const gchar *peer, const gchar *header)
{
  g_autoptr (GPtrArray) proxies = vm_proxies_read (texts, NULL);
  g_autoptr (GInetAddress) from = g_inet_address_new_from_string (peer);
  g_autoptr (GInetAddress) client =
      vm_proxies_find_client (proxies, from, header, &told);

  return g_inet_address_to_string (client);
}

GST_START_TEST (test_whose_request)
{
  static const struct
  {
    const gchar *peer, *header, *client;
  } cases[] = {
    { "10.0.0.1", "192.0.2.7", "192.0.2.7" },
    { "10.0.0.1", " 192.0.2.7 ", "192.0.2.7" },
    { "10.0.0.1", "192.0.2.7:4711", "192.0.2.7" },
    { "10.0.0.1", "2001:db8::7", "2001:db8::7" },
    { "10.0.0.1", "[2001:db8::7]:4711", "2001:db8::7" },
    { "fd00::1", "192.0.2.7", "192.0.2.7" },
    /* as a proxy writes it whose socket speaks both */
    { "10.0.0.1", "::ffff:192.0.2.7", "192.0.2.7" },
    { "10.0.0.1", "[::ffff:192.0.2.7]:4711", "192.0.2.7" },
    { "10.0.0.1", "192.0.2.7, ::ffff:192.168.4.5", "192.0.2.7" },
    /* proxies before proxies */
    { "10.0.0.1", "192.0.2.7, 192.168.4.5, fd00::2", "192.0.2.7" },
    { "10.0.0.1", "192.168.4.5", "192.168.4.5" },
    /* what the client says itself is nobody's word */
    { "10.0.0.1", "127.0.0.1, 192.0.2.7", "192.0.2.7" },
    { "10.0.0.1", "10.0.0.1, 192.0.2.7, 192.168.4.5", "192.0.2.7" },
    { "192.0.2.7", "127.0.0.1", "192.0.2.7" },
    { "10.0.0.2", "127.0.0.1", "10.0.0.2" },
    /* nothing to read */
    { "10.0.0.1", NULL, "10.0.0.1" },
    { "10.0.0.1", "", "10.0.0.1" },
    { "10.0.0.1", "unknown", "10.0.0.1" },
    { "10.0.0.1", "192.0.2.7, ,192.168.4.5", "192.168.4.5" },
    { "10.0.0.1", ",,,", "10.0.0.1" },
    { "10.0.0.1", "[", "10.0.0.1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *client = find (cases[i].peer, cases[i].header);

    fail_unless_equals_string (client, cases[i].client);
  }
}

GST_END_TEST;

/* Whether somebody has said who it is, all the way. */
GST_START_TEST (test_who_is_told_of)
{
  static const struct
  {
    const gchar *peer, *header;
    gboolean told;
  } cases[] = {
    { "192.0.2.7", NULL, TRUE },
    { "192.0.2.7", "127.0.0.1", TRUE },
    { "10.0.0.1", "192.0.2.7", TRUE },
    { "10.0.0.1", "192.0.2.7, 192.168.4.5", TRUE },
    { "10.0.0.1", "unknown, 192.0.2.7", TRUE },
    /* the first of all may be where a proxy is */
    { "10.0.0.1", "192.168.4.5", TRUE },
    { "10.0.0.1", NULL, FALSE },
    { "10.0.0.1", "", FALSE },
    { "10.0.0.1", "unknown", FALSE },
    { "10.0.0.1", "unknown, 192.168.4.5", FALSE },
    { "10.0.0.1", "192.0.2.7, ,192.168.4.5", FALSE },
    { "10.0.0.1", "192.0.2.7, _hidden", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_free (find (cases[i].peer, cases[i].header));
    fail_unless (told == cases[i].told, "case %u", i);
  }
}

GST_END_TEST;

static gchar *
chain (guint proxies)
{
  GString *header = g_string_new ("192.0.2.7");

  for (guint i = 0; i < proxies; i++)
    g_string_append (header, ", 192.168.4.5");
  return g_string_free (header, FALSE);
}

GST_START_TEST (test_longest_chain)
{
  g_autofree gchar *fits = chain (VM_FORWARDED_MAX - 1);
  g_autofree gchar *longer = chain (VM_FORWARDED_MAX);
  g_autofree gchar *a = find ("10.0.0.1", fits);
  g_autofree gchar *b = find ("10.0.0.1", longer);

  fail_unless_equals_string (a, "192.0.2.7");
  fail_unless_equals_string (b, "192.168.4.5");
  fail_if (told);
}

GST_END_TEST;

GST_START_TEST (test_bad_proxies)
{
  static const gchar *const bad[] = { "proxy.example.org", "10.0.0.0/33", "",
    "10.0.0.1/8", "300.1.1.1" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    const gchar *const one[] = { bad[i], NULL };
    g_autoptr (GError) error = NULL;
    g_autoptr (GPtrArray) proxies = vm_proxies_read (one, &error);

    fail_unless (proxies == NULL, "%s", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_REQUEST);
  }
}

GST_END_TEST;

GST_START_TEST (test_nobody_is_trusted)
{
  g_autoptr (GPtrArray) proxies = vm_proxies_read (NULL, NULL);
  g_autoptr (GInetAddress) loopback =
      g_inet_address_new_loopback (G_SOCKET_FAMILY_IPV4);

  fail_unless (proxies && !vm_proxies_trust (proxies, loopback));
}

GST_END_TEST;

static Suite *
proxies_suite (void)
{
  Suite *s = suite_create ("proxies");
  TCase *tc = tcase_create ("general");

  tcase_add_test (tc, test_whose_request);
  tcase_add_test (tc, test_who_is_told_of);
  tcase_add_test (tc, test_longest_chain);
  tcase_add_test (tc, test_bad_proxies);
  tcase_add_test (tc, test_nobody_is_trusted);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (proxies)
