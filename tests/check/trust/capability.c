/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Capabilities: what is good, and everything that is not, by its exact code.
 * What is forged is put together here by hand, and signed without libjwt. */

#include "program.h"
#include "trust/keys/vmidentity-priv.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/base/base64.h>
#include <gst/videomeet/trust/token/capability.h>
#include <gst/videomeet/trust/keys/signature.h>
#include <gst/videomeet/base/json/json.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <string.h>

#define NOW 1700000000
#define HEADER "{\"alg\":\"ES256\",\"typ\":\"JWT\"}"

static VmCapability *
capability (void)
{
  VmCapability *c = vm_capability_new ();

  c->sub = g_strdup ("user-a");
  c->room_id = g_strdup ("room-1");
  c->caps = VM_CAP_CALL | VM_CAP_FILE;
  c->iat = c->nbf = NOW;
  c->exp = NOW + VM_CAPABILITY_TTL;
  c->jti = g_strdup ("jti-1");
  return c;
}

static VmCapabilityUse
request (void)
{
  return (VmCapabilityUse){ .iss = vm_identity_get_device_id (ann),
    .spki = vm_identity_get_spki (ann),
    .sub = "user-a",
    .room_id = "room-1",
    .caps = VM_CAP_CALL,
    .target_peer_id = "peer-b" };
}

static gchar *
sign (const VmCapability *c)
{
  g_autoptr (GError) error = NULL;
  gchar *token = vm_capability_sign (ann, c, &error);

  g_assert_no_error (error);
  return token;
}

static void
refused (const gchar *token, const VmCapabilityUse *use, gint64 now, gint code)
{
  g_autoptr (GError) error = NULL;

  fail_unless (vm_capability_verify (token, use, now, &error) == NULL);
  g_assert_error (error, VM_ERROR, code);
}

static void
accepted (const gchar *token, const VmCapabilityUse *use, gint64 now)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmCapability) c = vm_capability_verify (token, use, now, &error);

  g_assert_no_error (error);
  fail_unless (c != NULL);
}

/* @header.@claims, signed by @identity. */
static gchar *
forge (const gchar *header, const gchar *claims, VmIdentity *identity)
{
  g_autofree gchar *a =
      vm_base64url_write ((const guint8 *) header, strlen (header));
  g_autofree gchar *b =
      vm_base64url_write ((const guint8 *) claims, strlen (claims));
  g_autofree gchar *text = g_strdup_printf ("%s.%s", a, b);
  g_autofree gchar *c = NULL;
  guint8 signature[VM_SIGNATURE_SIZE];

  fail_unless (
      vm_signature_make (identity, text, strlen (text), signature, NULL));
  c = vm_base64url_write (signature, sizeof signature);
  return g_strdup_printf ("%s.%s", text, c);
}

static gchar *
claims_of (VmIdentity *issuer)
{
  g_autoptr (VmCapability) c = capability ();

  c->iss = g_strdup (vm_identity_get_device_id (issuer));
  return vm_capability_to_claims (c);
}

GST_START_TEST (test_what_is_signed_is_good)
{
  g_autoptr (VmCapability) c = capability ();
  g_autoptr (VmCapability) read = NULL;
  g_autofree gchar *token = NULL;
  VmCapabilityUse use = request ();

  c->target_peer_id = g_strdup ("peer-b");
  c->max_size = 1000;
  c->max_rate = 0;
  token = sign (c);
  read = vm_capability_verify (token, &use, NOW, NULL);
  fail_unless (read != NULL);
  fail_unless_equals_string (read->iss, vm_identity_get_device_id (ann));
  fail_unless_equals_string (read->sub, "user-a");
  fail_unless_equals_string (read->room_id, "room-1");
  fail_unless_equals_string (read->jti, "jti-1");
  fail_unless_equals_string (read->target_peer_id, "peer-b");
  fail_unless (read->target_device_id == NULL);
  fail_unless_equals_int (read->caps, VM_CAP_CALL | VM_CAP_FILE);
  fail_unless_equals_int64 (read->iat, NOW);
  fail_unless_equals_int64 (read->nbf, NOW);
  fail_unless_equals_int64 (read->exp, NOW + VM_CAPABILITY_TTL);
  fail_unless_equals_int64 (read->max_size, 1000);
  fail_unless_equals_int64 (read->max_rate, 0);
}

GST_END_TEST;

/* What another implementation signs is good as well. */
GST_START_TEST (test_signed_by_others)
{
  VmCapabilityUse use = request ();
  g_autofree gchar *claims = claims_of (ann);
  g_autofree gchar *token = forge (HEADER, claims, ann);

  accepted (token, &use, NOW);
}

GST_END_TEST;

GST_START_TEST (test_missing)
{
  VmCapabilityUse use = request ();

  refused (NULL, &use, NOW, VM_ERROR_CAP_REQUIRED);
  refused ("", &use, NOW, VM_ERROR_CAP_REQUIRED);
}

GST_END_TEST;

GST_START_TEST (test_caps)
{
  g_autoptr (VmCapability) c = capability ();
  g_autofree gchar *token = sign (c);
  VmCapabilityUse use = request ();

  use.caps = VM_CAP_CALL | VM_CAP_FILE;
  accepted (token, &use, NOW);
  use.caps = VM_CAP_CALL | VM_CAP_SCREEN;
  refused (token, &use, NOW, VM_ERROR_CAP_REQUIRED);
  use.caps = VM_CAP_TERMINAL_CONTROL;
  refused (token, &use, NOW, VM_ERROR_CAP_REQUIRED);
}

GST_END_TEST;

GST_START_TEST (test_names_of_caps)
{
  const gchar *names[] = { "call", "screen", "share:file", "share:folder",
    "terminal:view", "terminal:control" };

  for (guint i = 0; i < VM_CAPS_N; i++) {
    fail_unless_equals_string (vm_cap_to_string (1 << i), names[i]);
    fail_unless_equals_int (vm_cap_from_string (names[i]), 1 << i);
  }
  fail_unless (vm_cap_to_string (0) == NULL);
  fail_unless (vm_cap_to_string (VM_CAPS_ALL) == NULL);
  fail_unless_equals_int (vm_cap_from_string ("share"), 0);
  fail_unless_equals_int (vm_cap_from_string (NULL), 0);
}

GST_END_TEST;

GST_START_TEST (test_times)
{
  g_autoptr (VmCapability) c = capability ();
  g_autofree gchar *token = NULL;
  VmCapabilityUse use = request ();

  c->nbf = NOW + 10;
  token = sign (c);
  refused (token, &use, c->nbf - 1, VM_ERROR_CAP_INVALID);
  accepted (token, &use, c->nbf);
  accepted (token, &use, c->exp - 1);
  refused (token, &use, c->exp, VM_ERROR_CAP_EXPIRED);
  refused (token, &use, c->exp + 1, VM_ERROR_CAP_EXPIRED);
  /* too old, and somebody else's: that comes first */
  use.sub = "user-b";
  refused (token, &use, c->exp, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_time_to_live)
{
  const struct
  {
    gint64 ttl;
    gboolean good;
  } cases[] = { { VM_CAPABILITY_TTL_MAX - 1, TRUE },
    { VM_CAPABILITY_TTL_MAX, TRUE }, { VM_CAPABILITY_TTL_MAX + 1, FALSE },
    { 0, FALSE }, { -1, FALSE } };
  VmCapabilityUse use = request ();

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autoptr (VmCapability) c = capability ();
    g_autofree gchar *token = NULL;

    c->exp = c->nbf + cases[i].ttl;
    token = sign (c);
    if (cases[i].good)
      accepted (token, &use, NOW);
    else
      refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  }
}

GST_END_TEST;

GST_START_TEST (test_for_others)
{
  g_autoptr (VmCapability) c = capability ();
  g_autofree gchar *token = sign (c);
  VmCapabilityUse use = request ();

  use.sub = "user-b";
  refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  use.sub = NULL;
  refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  use = request ();
  use.room_id = "room-2";
  refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  use = request ();
  use.iss = vm_identity_get_device_id (bob);
  refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_targets)
{
  g_autoptr (VmCapability) c = capability ();
  g_autofree gchar *peer = NULL;
  g_autofree gchar *device = NULL;
  VmCapabilityUse use = request ();

  c->target_peer_id = g_strdup ("peer-b");
  peer = sign (c);
  accepted (peer, &use, NOW);
  use.target_peer_id = "peer-c";
  refused (peer, &use, NOW, VM_ERROR_CAP_INVALID);
  use.target_peer_id = NULL;
  refused (peer, &use, NOW, VM_ERROR_CAP_INVALID);

  g_clear_pointer (&c->target_peer_id, g_free);
  c->target_device_id = g_strdup ("device-b");
  device = sign (c);
  use.target_device_id = "device-b";
  accepted (device, &use, NOW);
  use.target_device_id = "device-c";
  refused (device, &use, NOW, VM_ERROR_CAP_INVALID);
}

GST_END_TEST;

GST_START_TEST (test_foreign_key)
{
  VmCapabilityUse use = request ();
  g_autofree gchar *claims = claims_of (ann);
  g_autofree gchar *token = forge (HEADER, claims, eve);
  g_autoptr (GBytes) nothing = g_bytes_new_static ("x", 1);

  refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  use.spki = vm_identity_get_spki (eve);
  accepted (token, &use, NOW);
  use.spki = nothing;
  refused (token, &use, NOW, VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* The server's public key is nobody's secret: as that of an HMAC it must do
 * nothing. */
static gchar *
forge_hmac (const gchar *claims)
{
  g_autofree gchar *head = forge ("{\"alg\":\"HS256\"}", claims, eve);
  BIO *bio = BIO_new (BIO_s_mem ());
  guint8 hash[EVP_MAX_MD_SIZE];
  guint size = sizeof hash;
  gchar *pem;
  long pem_size;
  g_autofree gchar *text = NULL;

  *strrchr (head, '.') = '\0';
  PEM_write_bio_PUBKEY (bio, vm_identity_get_key (ann));
  pem_size = BIO_get_mem_data (bio, &pem);
  HMAC (EVP_sha256 (), pem, (int) pem_size, (const guint8 *) head,
      strlen (head), hash, &size);
  BIO_free (bio);
  text = vm_base64url_write (hash, size);
  return g_strdup_printf ("%s.%s", head, text);
}

GST_START_TEST (test_algorithms)
{
  const gchar *headers[] = { "{\"alg\":\"none\"}", "{\"alg\":\"NONE\"}",
    "{\"alg\":\"HS256\"}", "{\"alg\":\"ES384\"}", "{\"alg\":\"RS256\"}",
    "{\"alg\":\"es256\"}", "{\"alg\":\"\"}", "{\"alg\":5}", "{}", "[]", "5",
    "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", "{\"alg\":\"ES256\"",
    "{\"alg\":\"ES256\",\"alg\":\"none\"}",
    "{\"alg\":\"none\",\"alg\":\"HS256\"}" };
  g_autofree gchar *claims = claims_of (ann);
  g_autofree gchar *hmac = forge_hmac (claims);
  VmCapabilityUse use = request ();

  refused (hmac, &use, NOW, VM_ERROR_CAP_INVALID);
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++) {
    g_autofree gchar *token = forge (headers[i], claims, ann);
    gchar *end = strrchr (token, '.') + 1;

    refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
    *end = '\0';
    refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  }
}

GST_END_TEST;

/* Each claim of protocol/mesh.md#capabilities must be there, and be what it
 * is. */
GST_START_TEST (test_claims)
{
  const gchar *needed[] = { "iss", "sub", "aud", "room_id", "caps", "iat",
    "nbf", "exp", "jti" };
  const gchar *wrong[] = { "[]", "null", "5", "\"x\"",
    "{\"iss\":5,\"sub\":\"a\"}" };
  g_autofree gchar *claims = claims_of (ann);
  VmCapabilityUse use = request ();

  for (guint i = 0; i < G_N_ELEMENTS (needed); i++) {
    g_auto (GStrv) parts = NULL;
    g_autofree gchar *key = g_strdup_printf ("\"%s\":", needed[i]);
    g_autofree gchar *other = g_strdup_printf ("\"x%s\":", needed[i]);
    g_autofree gchar *without = NULL;
    g_autofree gchar *token = NULL;

    parts = g_strsplit (claims, key, 2);
    fail_unless (g_strv_length (parts) == 2);
    without = g_strjoinv (other, parts);
    token = forge (HEADER, without, ann);
    refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  }
  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++) {
    g_autofree gchar *token = forge (HEADER, wrong[i], ann);

    refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
  }
}

GST_END_TEST;

/* aud and room_id are one, and a cap that is unknown here is none. */
GST_START_TEST (test_claims_that_differ)
{
  g_autofree gchar *claims = claims_of (ann);
  g_auto (GStrv) parts = g_strsplit (claims, "\"aud\":\"room-1\"", 2);
  g_auto (GStrv) caps = g_strsplit (claims, "\"call\"", 2);
  g_autofree gchar *other = g_strjoinv ("\"aud\":\"room-2\"", parts);
  g_autofree gchar *unknown = g_strjoinv ("\"fly\",7", caps);
  g_autofree gchar *a = forge (HEADER, other, ann);
  g_autofree gchar *b = forge (HEADER, unknown, ann);
  VmCapabilityUse use = request ();

  refused (a, &use, NOW, VM_ERROR_CAP_INVALID);
  refused (b, &use, NOW, VM_ERROR_CAP_REQUIRED);
  use.caps = VM_CAP_FILE;
  accepted (b, &use, NOW);
}

GST_END_TEST;

GST_START_TEST (test_garbage)
{
  const gchar *garbage[] = { "x", ".", "..", "...", "a.b.c", "é.é.é", " ",
    "e30.e30.e30", "e30.e30.", "null" };
  g_autoptr (VmCapability) c = capability ();
  g_autofree gchar *token = sign (c);
  VmCapabilityUse use = request ();

  for (guint i = 0; i < G_N_ELEMENTS (garbage); i++)
    refused (garbage[i], &use, NOW, VM_ERROR_CAP_INVALID);
  /* changed, cut, with something behind, or with blanks */
  for (gsize i = 0; i < strlen (token); i += 7) {
    g_autofree gchar *changed = g_strdup (token);
    g_autofree gchar *cut = g_strndup (token, i);

    changed[i] = changed[i] == 'A' ? 'B' : 'A';
    refused (changed, &use, NOW, VM_ERROR_CAP_INVALID);
    if (*cut)
      refused (cut, &use, NOW, VM_ERROR_CAP_INVALID);
  }
  {
    g_autofree gchar *more = g_strconcat (token, ".e30", NULL);
    g_autofree gchar *padded = g_strconcat (token, "=", NULL);
    g_autofree gchar *blank = g_strconcat (token, " ", NULL);

    refused (more, &use, NOW, VM_ERROR_CAP_INVALID);
    refused (padded, &use, NOW, VM_ERROR_CAP_INVALID);
    refused (blank, &use, NOW, VM_ERROR_CAP_INVALID);
  }
}

GST_END_TEST;

/* One whose text has just @length characters; NULL when there is none. */
static gchar *
token_of (gsize length)
{
  g_autofree gchar *claims = claims_of (ann);
  g_autofree gchar *least = forge (HEADER, claims, ann);
  gsize blanks = (length - strlen (least)) / 4 * 3;

  for (gsize more = blanks - 3; more < blanks + 6; more++) {
    g_autofree gchar *tail = g_strnfill (more, ' ');
    g_autofree gchar *long_claims = g_strconcat (claims, tail, NULL);
    g_autofree gchar *token = forge (HEADER, long_claims, ann);

    if (strlen (token) == length)
      return g_steal_pointer (&token);
  }
  return NULL;
}

GST_START_TEST (test_size)
{
  VmCapabilityUse use = request ();
  gboolean seen_below = FALSE, seen_above = FALSE;

  /* four characters a turn for three bytes: not each length is one */
  for (gsize n = VM_CAPABILITY_SIZE_MAX - 2; n <= VM_CAPABILITY_SIZE_MAX + 2;
       n++) {
    g_autofree gchar *token = token_of (n);

    if (token && n <= VM_CAPABILITY_SIZE_MAX) {
      accepted (token, &use, NOW);
      seen_below = TRUE;
    } else if (token) {
      refused (token, &use, NOW, VM_ERROR_CAP_INVALID);
      seen_above = TRUE;
    }
  }
  fail_unless (seen_below && seen_above);
}

GST_END_TEST;

GST_START_TEST (test_size_of_a_claim)
{
  for (gint more = -1; more <= 1; more++) {
    g_autoptr (VmCapability) c = capability ();
    g_autoptr (VmCapability) read = NULL;
    g_autofree gchar *text = NULL;

    c->iss = g_strdup ("a");
    c->target_peer_id = g_strnfill (VM_CAPABILITY_TEXT_MAX + more, 'a');
    text = vm_capability_to_claims (c);
    read = vm_capability_from_claims (text, strlen (text), NULL);
    fail_unless_equals_int (read != NULL, more <= 0);
  }
}

GST_END_TEST;

static gboolean
shows (VmCapabilityReplay *replay, const gchar *jti, const gchar *sub,
    const gchar *group, guint64 connection, gint64 now)
{
  g_autoptr (VmCapability) c = capability ();
  g_autoptr (GError) error = NULL;
  gboolean good;

  g_free (c->jti);
  c->jti = g_strdup (jti);
  g_free (c->sub);
  c->sub = g_strdup (sub);
  good = vm_capability_replay_check (replay, c, group, connection, now, &error);
  if (!good && !g_error_matches (error, VM_ERROR, VM_ERROR_RATE_LIMITED))
    g_assert_error (error, VM_ERROR, VM_ERROR_CAP_INVALID);
  return good;
}

GST_START_TEST (test_replay)
{
  g_autoptr (VmCapabilityReplay) replay = vm_capability_replay_new ();

  fail_unless (shows (replay, "1", "user-a", "::1", 1, NOW));
  fail_unless (shows (replay, "1", "user-a", "::1", 1, NOW));
  fail_if (shows (replay, "1", "user-a", "::1", 2, NOW));
  fail_if (shows (replay, "1", "user-b", "::1", 1, NOW));
  fail_unless (shows (replay, "2", "user-a", "::1", 2, NOW));
  fail_unless (shows (replay, "1", "user-a", "::1", 1, NOW));
  fail_unless_equals_int (vm_capability_replay_count (replay), 2);
}

GST_END_TEST;

/* What another server has seen, and what nobody could be asked about. */
GST_START_TEST (test_replay_elsewhere)
{
  g_autoptr (VmCapabilityReplay) replay = vm_capability_replay_new ();

  fail_if (vm_capability_replay_knows (replay, "1"));
  vm_capability_replay_bar (replay, "1");
  vm_capability_replay_forget (replay, "1");
  fail_unless_equals_int (vm_capability_replay_count (replay), 0);
  fail_unless (shows (replay, "1", "user-a", "::1", 1, NOW));
  fail_unless (vm_capability_replay_knows (replay, "1"));
  vm_capability_replay_bar (replay, "1");
  fail_if (shows (replay, "1", "user-a", "::1", 1, NOW));
  fail_unless (vm_capability_replay_knows (replay, "1"));
  vm_capability_replay_forget (replay, "1");
  fail_if (vm_capability_replay_knows (replay, "1"));
  fail_unless (shows (replay, "1", "user-a", "::1", 2, NOW));
}

GST_END_TEST;

static void
is_refused_for_want_of_room (
    VmCapabilityReplay *replay, const gchar *group, gint64 now)
{
  g_autoptr (VmCapability) c = capability ();
  g_autoptr (GError) error = NULL;

  fail_if (vm_capability_replay_check (replay, c, group, 1, now, &error));
  g_assert_error (error, VM_ERROR, VM_ERROR_RATE_LIMITED);
}

/* As many as an address may have, all of them new. */
static void
show_all_of (VmCapabilityReplay *replay, const gchar *group)
{
  for (guint i = 0; i < VM_CAPABILITY_SEEN_PER_ADDRESS; i++) {
    g_autofree gchar *jti = g_strdup_printf ("%s/%u", group, i);

    fail_unless (shows (replay, jti, "user-a", group, 1, NOW));
  }
}

GST_START_TEST (test_replay_of_an_address)
{
  g_autoptr (VmCapabilityReplay) replay = vm_capability_replay_new ();
  const guint most = VM_CAPABILITY_SEEN_PER_ADDRESS;

  show_all_of (replay, "10.0.0.1");
  is_refused_for_want_of_room (replay, "10.0.0.1", NOW);
  /* one that is forgotten makes room for one */
  vm_capability_replay_forget (replay, "10.0.0.1/1");
  fail_unless (shows (replay, "10.0.0.1/1", "user-a", "10.0.0.1", 1, NOW));
  is_refused_for_want_of_room (replay, "10.0.0.1", NOW);
  /* what it has shown is good still, and so is what others show */
  fail_unless (shows (replay, "10.0.0.1/0", "user-a", "10.0.0.1", 1, NOW));
  fail_unless (shows (replay, "other", "user-b", "10.0.0.2", 2, NOW));
  fail_unless_equals_int (vm_capability_replay_count (replay), most + 1);
  /* what is over makes room */
  fail_unless (
      shows (replay, "new", "user-a", "10.0.0.1", 1, NOW + VM_CAPABILITY_TTL));
  fail_unless_equals_int (vm_capability_replay_count (replay), 1);
}

GST_END_TEST;

GST_START_TEST (test_replay_is_bounded)
{
  g_autoptr (VmCapabilityReplay) replay = vm_capability_replay_new ();

  for (guint i = 0; i < VM_CAPABILITY_SEEN_MAX / VM_CAPABILITY_SEEN_PER_ADDRESS;
       i++) {
    g_autofree gchar *group = g_strdup_printf ("10.0.0.%u", i);

    show_all_of (replay, group);
  }
  is_refused_for_want_of_room (replay, "10.0.1.1", NOW);
  /* nothing that is good was forgotten; what is over makes room */
  fail_if (shows (replay, "10.0.0.0/0", "user-a", "10.0.1.1", 2, NOW));
  fail_unless (
      shows (replay, "new", "user-a", "10.0.1.1", 2, NOW + VM_CAPABILITY_TTL));
  fail_unless_equals_int (vm_capability_replay_count (replay), 1);
}

GST_END_TEST;

/* RFC 7517 §4, RFC 7518 §6.2: the key by which others verify. */
GST_START_TEST (test_keys)
{
  g_autofree gchar *text = vm_capability_make_keys (ann);
  g_autofree gchar *x = NULL;
  g_autofree gchar *y = NULL;
  g_autofree gchar *kid = NULL;
  guint8 point[2][32];
  const guint8 *spki = g_bytes_get_data (vm_identity_get_spki (ann), NULL);
  VmJsonNode key;
  VmJson json;

  fail_unless (vm_json_read (&json, text, strlen (text), NULL));
  key = vm_json_first (&json, vm_json_get (&json, 0, "keys"));
  fail_unless (vm_json_get_string (&json, key, "x", 43, &x, NULL));
  fail_unless (vm_json_get_string (&json, key, "y", 43, &y, NULL));
  fail_unless (vm_json_get_string (&json, key, "kid", 64, &kid, NULL));
  fail_unless (vm_base64url_read (x, point[0], 32));
  fail_unless (vm_base64url_read (y, point[1], 32));
  fail_unless (memcmp (point, spki + VM_SPKI_SIZE - 64, 64) == 0);
  fail_unless_equals_string (kid, vm_identity_get_key_hash (ann));
  fail_unless (strstr (text, "\"kty\":\"EC\",\"crv\":\"P-256\"") != NULL);
  fail_unless (strstr (text, "\"use\":\"sig\",\"alg\":\"ES256\"") != NULL);
}

GST_END_TEST;

static Suite *
capability_suite (void)
{
  Suite *s = suite_create ("capability");
  TCase *tc = tcase_create ("tokens");
  TCase *seen = tcase_create ("replay");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_test (tc, test_what_is_signed_is_good);
  tcase_add_test (tc, test_signed_by_others);
  tcase_add_test (tc, test_missing);
  tcase_add_test (tc, test_caps);
  tcase_add_test (tc, test_names_of_caps);
  tcase_add_test (tc, test_times);
  tcase_add_test (tc, test_time_to_live);
  tcase_add_test (tc, test_for_others);
  tcase_add_test (tc, test_targets);
  tcase_add_test (tc, test_foreign_key);
  tcase_add_test (tc, test_algorithms);
  tcase_add_test (tc, test_claims);
  tcase_add_test (tc, test_claims_that_differ);
  tcase_add_test (tc, test_garbage);
  tcase_add_test (tc, test_size);
  tcase_add_test (tc, test_size_of_a_claim);
  tcase_add_test (tc, test_keys);
  suite_add_tcase (s, seen);
  tcase_add_test (seen, test_replay);
  tcase_add_test (seen, test_replay_elsewhere);
  tcase_add_test (seen, test_replay_of_an_address);
  tcase_add_test (seen, test_replay_is_bounded);
  return s;
}

CHECK_PROGRAM (capability)
