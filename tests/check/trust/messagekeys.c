/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Chat authenticated under keys of one call: what is changed, repeated,
 * reordered, reflected, or of another call is refused. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/keys/hmac.h>
#include <gst/videomeet/trust/media/messageseal.h>
#include <string.h>

static VmEphemeral *offerer, *answerer;
static VmMessageKeys *from, *to; /* the offerer's, the answerer's */

static VmMessageKeys *
keys (VmEphemeral *own, VmEphemeral *peer, gboolean offers, const gchar *offer)
{
  g_autoptr (GError) error = NULL;
  VmMessageKeys *made = vm_message_keys_new (own, vm_ephemeral_get_spki (peer),
      offers, offer, "answer's identity", &error);

  g_assert_no_error (error);
  return made;
}

static void
setup (void)
{
  offerer = vm_ephemeral_new (NULL);
  answerer = vm_ephemeral_new (NULL);
  from = keys (offerer, answerer, TRUE, "offer's identity");
  to = keys (answerer, offerer, FALSE, "offer's identity");
}

static void
teardown (void)
{
  vm_message_keys_free (from);
  vm_message_keys_free (to);
  vm_ephemeral_free (offerer);
  vm_ephemeral_free (answerer);
}

/* 0: it was taken. */
static gint
take (VmMessageKeys *by, const gchar *text, gint64 sequence, const gchar *mac,
    gint64 *missed)
{
  g_autoptr (GError) error = NULL;

  if (vm_message_keys_verify (by, text, sequence, mac, missed, &error))
    return 0;
  fail_unless (error->domain == VM_ERROR);
  return error->code;
}

GST_START_TEST (test_both_ways)
{
  static const gchar *const texts[] = { "hello", "", "hello", "\xc3\xa4\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    gint64 sequence = 0, missed = 99;
    g_autofree gchar *there = vm_message_keys_sign (from, texts[i], &sequence);
    g_autofree gchar *back = NULL;

    fail_unless_equals_int64 (sequence, i + 1);
    fail_unless_equals_int (strlen (there), VM_MESSAGE_MAC_BASE64_SIZE);
    fail_unless_equals_int (take (to, texts[i], sequence, there, &missed), 0);
    fail_unless_equals_int64 (missed, 0);
    back = vm_message_keys_sign (to, texts[i], &sequence);
    fail_unless_equals_int64 (sequence, i + 1);
    fail_unless_equals_int (take (from, texts[i], sequence, back, NULL), 0);
    /* a key for each direction */
    fail_if (strcmp (there, back) == 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_changed)
{
  gint64 sequence;
  g_autofree gchar *mac = vm_message_keys_sign (from, "pay 10", &sequence);
  gsize size;
  g_autofree guint8 *bytes = g_base64_decode (mac, &size);

  fail_unless_equals_int (
      take (to, "pay 19", sequence, mac, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      take (to, "pay 10", sequence + 1, mac, NULL), VM_ERROR_SIGNATURE);
  for (gsize i = 0; i < size * 8; i++) {
    g_autofree gchar *changed = NULL;

    bytes[i / 8] ^= 1 << i % 8;
    changed = g_base64_encode (bytes, size);
    bytes[i / 8] ^= 1 << i % 8;
    fail_unless_equals_int (
        take (to, "pay 10", sequence, changed, NULL), VM_ERROR_SIGNATURE);
  }
  /* none of it has used the message up */
  fail_unless_equals_int (take (to, "pay 10", sequence, mac, NULL), 0);
}

GST_END_TEST;

GST_START_TEST (test_replayed_and_reordered)
{
  gchar *macs[4];
  gint64 sequence, missed = 0;

  for (guint i = 0; i < G_N_ELEMENTS (macs); i++)
    macs[i] = vm_message_keys_sign (from, "same", &sequence);
  fail_unless_equals_int (take (to, "same", 1, macs[0], NULL), 0);
  fail_unless_equals_int (
      take (to, "same", 1, macs[0], NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (take (to, "same", 4, macs[3], &missed), 0);
  fail_unless_equals_int64 (missed, 2);
  fail_unless_equals_int (
      take (to, "same", 2, macs[1], NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      take (to, "same", 4, macs[3], NULL), VM_ERROR_SIGNATURE);
  /* an old message under a new number */
  fail_unless_equals_int (
      take (to, "same", 5, macs[1], NULL), VM_ERROR_SIGNATURE);
  for (guint i = 0; i < G_N_ELEMENTS (macs); i++)
    g_free (macs[i]);
}

GST_END_TEST;

GST_START_TEST (test_reflected)
{
  gint64 sequence;
  g_autofree gchar *mac = vm_message_keys_sign (from, "hello", &sequence);

  fail_unless_equals_int (
      take (from, "hello", sequence, mac, NULL), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* Another call of the same two: other keys, other identities, other roles. */
GST_START_TEST (test_other_calls)
{
  g_autoptr (VmEphemeral) fresh = vm_ephemeral_new (NULL);
  g_autoptr (VmMessageKeys) other_key =
      keys (answerer, fresh, FALSE, "offer's identity");
  g_autoptr (VmMessageKeys) other_offer =
      keys (answerer, offerer, FALSE, "another's identity");
  g_autoptr (VmMessageKeys) other_role =
      keys (answerer, offerer, TRUE, "offer's identity");
  gint64 sequence;
  g_autofree gchar *mac = vm_message_keys_sign (from, "hello", &sequence);

  fail_unless_equals_int (
      take (other_key, "hello", sequence, mac, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      take (other_offer, "hello", sequence, mac, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      take (other_role, "hello", sequence, mac, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (take (to, "hello", sequence, mac, NULL), 0);
}

GST_END_TEST;

GST_START_TEST (test_forms)
{
  gint64 sequence;
  g_autofree gchar *mac = vm_message_keys_sign (from, "hello", &sequence);
  g_autofree gchar *longer = g_strconcat (mac, "AAAA", NULL);
  const struct
  {
    gint64 sequence;
    const gchar *mac;
    VmError code;
  } bad[] = { { 1, NULL, VM_ERROR_BAD_MESSAGE },
    { 1, "", VM_ERROR_BAD_MESSAGE }, { 1, longer, VM_ERROR_BAD_MESSAGE },
    { 1, "hello", VM_ERROR_BAD_MESSAGE }, { 0, mac, VM_ERROR_BAD_MESSAGE },
    { -1, mac, VM_ERROR_BAD_MESSAGE },
    { VM_MESSAGE_SEQUENCE_MAX - 1, mac, VM_ERROR_SIGNATURE },
    { VM_MESSAGE_SEQUENCE_MAX, mac, VM_ERROR_SIGNATURE },
    { VM_MESSAGE_SEQUENCE_MAX + 1, mac, VM_ERROR_BAD_MESSAGE },
    { G_MAXINT64, mac, VM_ERROR_BAD_MESSAGE } };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_unless_equals_int (
        take (to, "hello", bad[i].sequence, bad[i].mac, NULL), bad[i].code);
}

GST_END_TEST;

/* Keys that nobody may agree on. */
GST_START_TEST (test_bad_keys)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) nothing = g_bytes_new (NULL, 0);
  g_autoptr (GBytes) off = NULL;
  guint8 spki[VM_SPKI_SIZE];

  memcpy (spki, g_bytes_get_data (vm_ephemeral_get_spki (answerer), NULL),
      sizeof spki);
  spki[VM_SPKI_SIZE - 1] ^= 1;
  off = g_bytes_new (spki, sizeof spki);
  {
    GBytes *const bad[] = { nothing, off, vm_ephemeral_get_spki (offerer) };

    for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
      fail_unless (vm_message_keys_new (offerer, bad[i], TRUE, "o", "a", &error)
                   == NULL);
      g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
      g_clear_error (&error);
    }
  }
}

GST_END_TEST;

/* RFC 4231 §4.3 */
GST_START_TEST (test_hmac)
{
  static const gchar data[] = "what do ya want for nothing?";
  guint8 mac[VM_SHA256_SIZE];
  g_autoptr (GString) hex = g_string_new (NULL);

  vm_hmac_sha256 ((const guint8 *) "Jefe", 4, data, strlen (data), mac);
  for (guint i = 0; i < sizeof mac; i++)
    g_string_append_printf (hex, "%02x", mac[i]);
  fail_unless_equals_string (hex->str,
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

GST_END_TEST;

GST_START_TEST (test_seal)
{
  static const gchar *const texts[] = { "{\"type\":\"chat\"}", "", "plain",
    "{\"seq\":1,\"mac\":\"\"}", "\xc3\xa4\n" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *sealed = vm_message_seal (from, texts[i]);
    g_autofree gchar *open = vm_message_open (to, sealed, &error);

    g_assert_no_error (error);
    fail_unless_equals_string (open, texts[i]);
    fail_unless (g_str_has_suffix (sealed, texts[i]));
    /* one digit of sixteen */
    fail_unless_equals_int (
        strlen (sealed), strlen (texts[i]) + VM_MESSAGE_SEAL_MAX - 15);
  }
}

GST_END_TEST;

/* One spelling, and all of it. */
GST_START_TEST (test_broken_seals)
{
  g_autofree gchar *sealed = vm_message_seal (from, "hello");
  const gchar *mac = strstr (sealed, "\"mac\":\"") + strlen ("\"mac\":\"");
  g_autofree gchar *only_mac = g_strndup (mac, VM_MESSAGE_MAC_BASE64_SIZE);
  static const gchar *const heads[] = { "{\"seq\":0,\"mac\":\"",
    "{\"seq\":01,\"mac\":\"", "{\"seq\":-1,\"mac\":\"",
    "{\"seq\":+1,\"mac\":\"", "{\"seq\":1.0,\"mac\":\"",
    "{\"seq\":\"1\",\"mac\":\"", "{\"seq\": 1,\"mac\":\"",
    " {\"seq\":1,\"mac\":\"", "{\"seq\":,\"mac\":\"",
    "{\"seq\":9007199254740992,\"mac\":\"",
    "{\"seq\":10000000000000001,\"mac\":\"",
    "{\"seq\":18446744073709551617,\"mac\":\"", "{\"mac\":\"" };
  g_autoptr (GError) error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (heads); i++) {
    g_autofree gchar *text = g_strconcat (heads[i], only_mac, "\"}hello", NULL);

    fail_unless (vm_message_open (to, text, &error) == NULL);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE),
        "%s: %s", text, error->message);
    g_clear_error (&error);
  }
  /* cut anywhere before the text */
  for (gsize size = 0; size < strlen (sealed) - strlen ("hello"); size++) {
    g_autofree gchar *text = g_strndup (sealed, size);

    fail_unless (vm_message_open (to, text, &error) == NULL);
    fail_unless (g_error_matches (error, VM_ERROR, VM_ERROR_BAD_MESSAGE));
    g_clear_error (&error);
  }
  g_free (vm_message_open (to, sealed, &error));
  g_assert_no_error (error);
}

GST_END_TEST;

static Suite *
messagekeys_suite (void)
{
  Suite *s = suite_create ("messagekeys");
  TCase *tc = tcase_create ("messages");

  suite_add_tcase (s, tc);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_both_ways);
  tcase_add_test (tc, test_changed);
  tcase_add_test (tc, test_replayed_and_reordered);
  tcase_add_test (tc, test_reflected);
  tcase_add_test (tc, test_other_calls);
  tcase_add_test (tc, test_forms);
  tcase_add_test (tc, test_bad_keys);
  tcase_add_test (tc, test_hmac);
  tcase_add_test (tc, test_seal);
  tcase_add_test (tc, test_broken_seals);
  return s;
}

CHECK_PROGRAM (messagekeys)
