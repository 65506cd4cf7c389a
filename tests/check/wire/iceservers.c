/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* STUN and TURN servers, from what a host has set to what a guest uses. */

#include "program.h"

#include <gst/videomeet/wire/iceservers.h>
#include <string.h>

static gchar *
write_one (const gchar *uri)
{
  const gchar *uris[] = { uri, NULL };
  GString *out = g_string_new ("{");

  vm_ice_servers_append (out, uris);
  g_string_append_c (out, '}');
  return g_string_free (out, FALSE);
}

/* What a guest reads, joined by blanks. */
static gchar *
read_all (const gchar *text, guint *ignored)
{
  g_auto (GStrv) uris = NULL;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL), "%s", text);
  uris = vm_ice_servers_read (&json, 0, ignored);
  return g_strjoinv (" ", uris);
}

static void
check_read (const gchar *list, const gchar *wanted, guint wanted_ignored)
{
  guint ignored = G_MAXUINT;
  g_autofree gchar *text = g_strdup_printf ("{\"iceServers\":%s}", list);
  g_autofree gchar *got = read_all (text, &ignored);

  fail_unless (g_str_equal (got, wanted), "%s: %s", list, got);
  fail_unless (ignored == wanted_ignored, "%s: %u ignored", list, ignored);
}

GST_START_TEST (test_written)
{
  static const gchar *const pairs[][2] = {
    { "stun://h.example:3479", "{\"urls\":[\"stun:h.example:3479\"]}" },
    { "stun://10.0.0.1", "{\"urls\":[\"stun:10.0.0.1:3478\"]}" },
    { "stun://[fd00::1]:1", "{\"urls\":[\"stun:[fd00::1]:1\"]}" },
    { "turn://ann:secret@h:1?transport=tcp",
        "{\"urls\":[\"turn:h:1?transport=tcp\"],\"username\":\"ann\","
        "\"credential\":\"secret\"}" },
    { "TURNS://a:b@h", "{\"urls\":[\"turns:h:5349\"],\"username\":\"a\","
                       "\"credential\":\"b\"}" },
    { "turn://17%3Aann:p%40%22%2F@h",
        "{\"urls\":[\"turn:h:3478\"],\"username\":\"17:ann\","
        "\"credential\":\"p@\\\"/\"}" },
    /* the first colon */
    { "turn://a:b:c@h", "{\"urls\":[\"turn:h:3478\"],\"username\":\"a\","
                        "\"credential\":\"b:c\"}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (pairs); i++) {
    g_autofree gchar *got = write_one (pairs[i][0]);
    g_autofree gchar *wanted =
        g_strdup_printf ("{\"iceServers\":[%s]}", pairs[i][1]);
    const gchar *uris[] = { pairs[i][0], NULL };

    fail_unless_equals_string (got, wanted);
    fail_unless (vm_ice_servers_check (uris, NULL));
  }
  fail_unless (vm_ice_servers_check (NULL, NULL));
}

GST_END_TEST;

static const gchar *const bad_uris[] = { "", "stun", "stun:h:1", "stun://",
  "stun://h:0", "stun://h:65536", "stun://h:000001", "stun://h:1x",
  "stun://h:", "stun://h/p", "stun://h?transport=udp", "stun://a:b@h",
  "stun://h y", "stun://::1", "stun://[h]", "stun://[::1", "stun://[::1]x",
  "stun://[fe80::1%eth0]", "stun://-h", "stuns://h", "http://h", "turn://h",
  "turn://a@h", "turn://a:@h", "turn://:b@h", "turn://a%00:b@h",
  "turn://a%0a:b@h", "turn://a%ff:b@h", "turn://a:b@h?transport=tls",
  "turn://a:b@h?transport=", "turn://a:b@h?x=y" };

GST_START_TEST (test_not_written)
{
  const gchar *uris[] = { "turn://ann:secret@h", NULL, NULL };
  g_autofree gchar *null = write_one (NULL);

  fail_unless_equals_string (null, "{\"iceServers\":[]}");
  for (guint i = 0; i < G_N_ELEMENTS (bad_uris); i++) {
    g_autofree gchar *got = write_one (bad_uris[i]);
    g_autoptr (GError) error = NULL;

    fail_unless (
        g_str_equal (got, "{\"iceServers\":[]}"), "%s: %s", bad_uris[i], got);
    uris[1] = bad_uris[i];
    fail_if (vm_ice_servers_check (uris, &error), "%s", bad_uris[i]);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_REQUEST));
    fail_unless (strstr (error->message, "number 2") != NULL);
    fail_if (strstr (error->message, "secret") != NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_read)
{
  check_read ("[]", "", 0);
  check_read ("null", "", 0);
  check_read ("[{\"urls\":\"stun:h\"}]", "stun://h:3478", 0);
  check_read ("[{\"urls\":[\"stun:h:1\",\"STUN:[::1]\"]}]",
      "stun://h:1 stun://[::1]:3478", 0);
  check_read ("[{\"urls\":[\"turn:h?transport=udp\",\"turns:h\",\"stun:h\"],"
              "\"username\":\"ann\",\"credential\":\"secret\",\"x\":[]}]",
      "turn://ann:secret@h:3478?transport=udp turns://ann:secret@h:5349 "
      "stun://h:3478",
      0);
  check_read ("[{\"urls\":\"turn:h:1\",\"username\":\"17:a\","
              "\"credential\":\"@%\"}]",
      "turn://17%3Aa:%40%25@h:1", 0);
}

GST_END_TEST;

GST_START_TEST (test_not_read)
{
  const gchar *const bad[] = { "5", "\"stun:h\"", "{}", "[5]", "[null]",
    "[[\"stun:h\"]]", "[{}]", "[{\"urls\":5}]", "[{\"urls\":null}]",
    "[{\"urls\":[5]}]", "[{\"urls\":\"\"}]", "[{\"urls\":\"stun:\"}]",
    "[{\"urls\":\"stun://h\"}]", "[{\"urls\":\"stuns:h\"}]",
    "[{\"urls\":\"http://h/\"}]", "[{\"urls\":\"file:///etc\"}]",
    "[{\"urls\":\"stun:h\\u0000x\"}]", "[{\"urls\":\"stun:h\\nx\"}]",
    "[{\"urls\":\"turn:h\"}]", "[{\"urls\":\"turn:h\",\"username\":\"a\"}]",
    "[{\"urls\":\"turn:h\",\"username\":\"\",\"credential\":\"b\"}]",
    "[{\"urls\":\"turn:h\",\"username\":\"a\",\"credential\":5}]",
    "[{\"urls\":\"turn:h\",\"username\":\"a\\n\",\"credential\":\"b\"}]",
    "[{\"urls\":\"turn:a:b@h\",\"username\":\"a\",\"credential\":\"b\"}]",
    "[{\"urls\":\"turn:h?transport=sctp\",\"username\":\"a\","
    "\"credential\":\"b\"}]" };
  guint ignored;
  g_autofree gchar *none = read_all ("{}", &ignored);

  fail_unless_equals_string (none, "");
  fail_unless_equals_int (ignored, 0);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    check_read (bad[i], "", 1);
  /* the others count */
  check_read ("[{\"urls\":[\"x\",\"stun:h:1\"]},{},{\"urls\":\"stun:h:2\"}]",
      "stun://h:1 stun://h:2", 2);
}

GST_END_TEST;

static void
check_sizes (gsize host_size, gsize user_size, gsize password_size, guint bad)
{
  g_autofree gchar *host = g_strnfill (host_size, 'h');
  g_autofree gchar *user = g_strnfill (user_size, 'u');
  g_autofree gchar *password = g_strnfill (password_size, 'p');
  g_autofree gchar *list =
      g_strdup_printf ("[{\"urls\":\"turn:%s\",\"username\":"
                       "\"%s\",\"credential\":\"%s\"}]",
          host, user, password);
  g_autofree gchar *wanted =
      bad ? g_strdup ("")
          : g_strdup_printf ("turn://%s:%s@%s:3478", user, password, host);

  check_read (list, wanted, bad);
}

GST_START_TEST (test_sizes)
{
  check_sizes (VM_ICE_HOST_MAX - 1, 1, 1, 0);
  check_sizes (VM_ICE_HOST_MAX, 1, 1, 0);
  check_sizes (VM_ICE_HOST_MAX + 1, 1, 1, 1);
  check_sizes (1, VM_ICE_CREDENTIAL_MAX - 1, 1, 0);
  check_sizes (1, VM_ICE_CREDENTIAL_MAX, 1, 0);
  check_sizes (1, VM_ICE_CREDENTIAL_MAX + 1, 1, 1);
  check_sizes (1, 1, VM_ICE_CREDENTIAL_MAX, 0);
  check_sizes (1, 1, VM_ICE_CREDENTIAL_MAX + 1, 1);
}

GST_END_TEST;

GST_START_TEST (test_count)
{
  for (guint n = VM_ICE_SERVERS_MAX - 1; n <= VM_ICE_SERVERS_MAX + 1; n++) {
    g_autoptr (GStrvBuilder) builder = g_strv_builder_new ();
    g_auto (GStrv) uris = NULL;
    g_autoptr (GString) list = g_string_new ("[{\"urls\":[");
    g_autoptr (GString) written = g_string_new ("{");
    guint kept = MIN (n, VM_ICE_SERVERS_MAX), ignored;
    g_autofree gchar *first = NULL;
    g_autofree gchar *text = NULL;

    for (guint i = 1; i <= n; i++) {
      g_autofree gchar *uri = g_strdup_printf ("stun://h:%u", i);

      g_strv_builder_add (builder, uri);
      g_string_append_printf (list, "%s\"stun:h:%u\"", i > 1 ? "," : "", i);
    }
    g_string_append (list, "]}]");
    uris = g_strv_builder_end (builder);
    fail_unless_equals_int (
        vm_ice_servers_check ((const gchar *const *) uris, NULL),
        n <= VM_ICE_SERVERS_MAX);
    vm_ice_servers_append (written, (const gchar *const *) uris);
    g_string_append_c (written, '}');
    if (n > kept)
      g_clear_pointer (&uris[kept], g_free);
    first = g_strjoinv (" ", uris);
    check_read (list->str, first, n - kept);
    text = read_all (written->str, &ignored);
    fail_unless_equals_string (text, first);
    fail_unless_equals_int (ignored, 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_merged)
{
  const gchar *own[] = { "stun://a", "turn://17%3Aann:p%40@h", "turns:odd",
    NULL };
  const gchar *read[] = { "stun://b:1", "turn://17%3Aann:p%40@h:3478",
    "stun://a:3478", "turn://b:c@h:1", NULL };
  g_auto (GStrv) both = vm_ice_servers_merge (own, read);
  g_auto (GStrv) neither = vm_ice_servers_merge (NULL, NULL);
  g_autofree gchar *text = g_strjoinv (" ", both);

  fail_unless_equals_string (text, "stun://a:3478 "
                                   "turn://17%3Aann:p%40@h:3478 turns:odd "
                                   "stun://b:1 turn://b:c@h:1");
  fail_unless (neither[0] == NULL);
}

GST_END_TEST;

/* What comes with the servers, and is no good. */
GST_START_TEST (test_grant)
{
  static const struct
  {
    const gchar *rest;
    gboolean relay_only;
    guint expires_in;
  } grants[] = {
    { "", FALSE, 0 },
    { ",\"iceTransportPolicy\":\"relay\",\"iceExpiresIn\":60", TRUE, 60 },
    { ",\"iceTransportPolicy\":\"all\",\"iceExpiresIn\":null", FALSE, 0 },
    { ",\"iceTransportPolicy\":\"relays\",\"iceExpiresIn\":\"60\"", FALSE, 0 },
    { ",\"iceTransportPolicy\":7,\"iceExpiresIn\":1.5", FALSE, 0 },
    { ",\"iceExpiresIn\":0", FALSE, 0 },
    { ",\"iceExpiresIn\":1", FALSE, VM_ICE_EXPIRES_MIN },
    { ",\"iceExpiresIn\":31622399", FALSE, VM_ICE_EXPIRES_MAX - 1 },
    { ",\"iceExpiresIn\":31622400", FALSE, VM_ICE_EXPIRES_MAX },
    { ",\"iceExpiresIn\":31622401", FALSE, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (grants); i++) {
    g_autofree gchar *text = g_strdup_printf (
        "{\"iceServers\":[{\"urls\":\"stun:h\"},7]%s}", grants[i].rest);
    g_auto (VmIceGrant) grant = { NULL };
    guint ignored;
    VmJson json;

    fail_unless (vm_json_read (&json, text, strlen (text), NULL), "%s", text);
    vm_ice_grant_read (&grant, &json, 0, &ignored);
    fail_unless_equals_string (grant.uris[0], "stun://h:3478");
    fail_unless_equals_int (ignored, 1);
    fail_unless (grant.relay_only == grants[i].relay_only, "%s", text);
    fail_unless (grant.expires_in == grants[i].expires_in, "%s", text);
  }
}

GST_END_TEST;

static Suite *
ice_servers_suite (void)
{
  Suite *suite = suite_create ("iceservers");
  TCase *test = tcase_create ("codec");

  tcase_add_test (test, test_written);
  tcase_add_test (test, test_not_written);
  tcase_add_test (test, test_read);
  tcase_add_test (test, test_not_read);
  tcase_add_test (test, test_sizes);
  tcase_add_test (test, test_count);
  tcase_add_test (test, test_merged);
  tcase_add_test (test, test_grant);
  suite_add_tcase (suite, test);
  return suite;
}

CHECK_PROGRAM (ice_servers)
