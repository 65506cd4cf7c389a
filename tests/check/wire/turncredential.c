/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Credentials as a TURN server that has the secret works them out. */

#include "program.h"

#include <gst/videomeet/wire/iceserver.h>
#include <gst/videomeet/wire/turncredential.h>
#include <string.h>

/* printf %s USER | openssl dgst -sha1 -hmac SECRET -binary | base64 */
GST_START_TEST (test_vectors)
{
  static const struct
  {
    const gchar *secret, *who;
    gint64 until;
    const gchar *user, *password;
  } vectors[] = {
    { "north", "ann", 1433895918, "1433895918:ann",
        "zAlhH20kpuDJR8ZKdq5vyQV+Ung=" },
    { "a secret with spaces and ü", "0123456789abcdef", 4102444800,
        "4102444800:0123456789abcdef", "bn5aH4tYGfQAOxDigTWKJ9k1pSM=" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (vectors); i++) {
    g_autofree gchar *user = NULL;
    g_autofree gchar *password = vm_turn_credential_make (
        vectors[i].secret, vectors[i].until, vectors[i].who, &user);

    fail_unless_equals_string (user, vectors[i].user);
    fail_unless_equals_string (password, vectors[i].password);
  }
}

GST_END_TEST;

GST_START_TEST (test_uris)
{
  static const struct
  {
    const gchar *uri, *scheme, *host, *transport;
    guint port;
  } cases[] = {
    { "turn://192.0.2.1", "turn", "192.0.2.1", NULL, 3478 },
    { "turn://[2001:db8::1]:99", "turn", "2001:db8::1", NULL, 99 },
    { "turn://turn.example.org:80?transport=tcp", "turn", "turn.example.org",
        "tcp", 80 },
    { "turns://turn.example.org", "turns", "turn.example.org", NULL, 5349 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *user = NULL;
    g_autofree gchar *password =
        vm_turn_credential_make ("north", 1433895918, "ann", &user);
    g_autofree gchar *uri =
        vm_turn_credential_add (cases[i].uri, "north", 1433895918, "ann");
    g_auto (VmIceServer) server = { NULL };

    fail_unless (
        uri && vm_ice_server_from_uri (&server, uri), "%s", cases[i].uri);
    fail_unless_equals_string (server.scheme, cases[i].scheme);
    fail_unless_equals_string (server.host, cases[i].host);
    fail_unless_equals_string (server.transport, cases[i].transport);
    fail_unless_equals_int (server.port, cases[i].port);
    fail_unless_equals_string (server.user, user);
    fail_unless_equals_string (server.password, password);
  }
}

GST_END_TEST;

GST_START_TEST (test_what_is_none)
{
  static const gchar *const bad[] = { "stun://192.0.2.1", "turn:192.0.2.1",
    "turn://", "turn://a:b@192.0.2.1", "turn://192.0.2.1:0",
    "turn://192.0.2.1?transport=sctp", "" };
  static const gchar *const secrets[] = { NULL, "" };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_unless (vm_turn_credential_add (bad[i], "north", 1, "ann") == NULL,
        "%s", bad[i]);
  for (guint i = 0; i < G_N_ELEMENTS (secrets); i++)
    fail_unless (
        vm_turn_credential_add ("turn://192.0.2.1", secrets[i], 1, "ann")
        == NULL);
}

GST_END_TEST;

static Suite *
turncredential_suite (void)
{
  Suite *s = suite_create ("turncredential");
  TCase *tc = tcase_create ("general");

  tcase_add_test (tc, test_vectors);
  tcase_add_test (tc, test_uris);
  tcase_add_test (tc, test_what_is_none);
  suite_add_tcase (s, tc);
  return s;
}

CHECK_PROGRAM (turncredential)
