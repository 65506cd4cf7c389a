/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* Tags beside the messages of a stream: each protection against each change. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/trust/media/tag.h>
#include <string.h>

static const guint8 stream[VM_TAG_STREAM_SIZE] = "stream of a test";
static const guint8 key[VM_TAG_KEY_SIZE] = "a key that the two ends share...";
static const VmTagProtection protections[] = { VM_TAG_HMAC, VM_TAG_SIGNATURE,
  VM_TAG_SHA256 };

static VmTagger *
tagger (VmTagProtection protection)
{
  return vm_tagger_new (protection, protection == VM_TAG_SIGNATURE ? ann : NULL,
      protection == VM_TAG_HMAC ? key : NULL, stream);
}

static VmTagChecker *
checker (VmTagProtection protection, const guint8 *of)
{
  return vm_tag_checker_new (protection,
      protection == VM_TAG_SIGNATURE ? vm_identity_get_spki (ann) : NULL,
      protection == VM_TAG_HMAC ? key : NULL, of);
}

static GBytes *
tag_of (VmTagger *from, const gchar *text)
{
  g_autoptr (GError) error = NULL;
  GBytes *tag = vm_tagger_make (from, text, strlen (text), &error);

  g_assert_no_error (error);
  return tag;
}

/* 0: it was taken. */
static gint
check_tag (VmTagChecker *by, const gchar *text, GBytes *tag, guint64 *missed)
{
  g_autoptr (GError) error = NULL;
  gsize size = 0;
  const guint8 *data = tag ? g_bytes_get_data (tag, &size) : NULL;

  if (vm_tag_checker_check (
          by, text, strlen (text), data, size, missed, &error))
    return 0;
  fail_unless (error->domain == VM_ERROR);
  return error->code;
}

GST_START_TEST (test_stream)
{
  VmTagProtection protection = protections[__i__];
  g_autoptr (VmTagger) from = tagger (protection);
  g_autoptr (VmTagChecker) to = checker (protection, NULL);
  GBytes *tags[4];
  guint64 missed = 99;

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    tags[i] = tag_of (from, "same");
  fail_unless_equals_int (check_tag (to, "same", tags[0], &missed), 0);
  fail_unless_equals_int (missed, 0);
  /* again, after a gap, and what was in the gap */
  fail_unless_equals_int (
      check_tag (to, "same", tags[0], NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (check_tag (to, "same", tags[2], &missed), 0);
  fail_unless_equals_int (missed, 1);
  fail_unless_equals_int (
      check_tag (to, "same", tags[1], NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check_tag (to, "other", tags[3], NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check_tag (to, "same", NULL, NULL), VM_ERROR_BAD_MESSAGE);
  fail_unless_equals_int (check_tag (to, "same", tags[3], &missed), 0);
  fail_unless_equals_int (missed, 0);
  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    g_bytes_unref (tags[i]);
}

GST_END_TEST;

/* A bit of each, and each length. */
GST_START_TEST (test_every_byte_of_the_tag)
{
  VmTagProtection protection = protections[__i__];
  g_autoptr (VmTagger) from = tagger (protection);
  g_autoptr (GBytes) tag = tag_of (from, "text");
  gsize size;
  const guint8 *data = g_bytes_get_data (tag, &size);

  for (guint i = 0; i < size; i++) {
    g_autoptr (VmTagChecker) to = checker (protection, NULL);
    g_autofree guint8 *changed = g_memdup2 (data, size);
    g_autoptr (GBytes) bytes = NULL;

    changed[i] ^= 1 << i % 8;
    bytes = g_bytes_new (changed, size);
    fail_unless (check_tag (to, "text", bytes, NULL) != 0);
  }
  for (gsize n = 0; n < size; n++) {
    g_autoptr (VmTagChecker) to = checker (protection, NULL);
    g_autoptr (GBytes) bytes = g_bytes_new (data, n);

    fail_unless_equals_int (
        check_tag (to, "text", bytes, NULL), VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_other_streams_and_protections)
{
  VmTagProtection protection = protections[__i__];
  g_autoptr (VmTagger) from = tagger (protection);
  g_autoptr (GBytes) tag = tag_of (from, "text");
  g_autoptr (VmTagChecker) same = checker (protection, stream);
  g_autoptr (VmTagChecker) other =
      checker (protection, (const guint8 *) "another stream..");

  fail_unless_equals_int (check_tag (same, "text", tag, NULL), 0);
  fail_unless_equals_int (
      check_tag (other, "text", tag, NULL), VM_ERROR_SIGNATURE);
  for (guint i = 0; i < G_N_ELEMENTS (protections); i++) {
    g_autoptr (VmTagChecker) to = checker (protections[i], NULL);

    if (protections[i] != protection)
      fail_unless_equals_int (
          check_tag (to, "text", tag, NULL), VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_wrong_keys)
{
  g_autoptr (VmTagger) signer =
      vm_tagger_new (VM_TAG_SIGNATURE, eve, NULL, stream);
  g_autoptr (VmTagger) macer = vm_tagger_new (VM_TAG_HMAC, NULL,
      (const guint8 *) "another key, of the same size...", stream);
  g_autoptr (VmTagChecker) signatures = checker (VM_TAG_SIGNATURE, NULL);
  g_autoptr (VmTagChecker) macs = checker (VM_TAG_HMAC, NULL);
  g_autoptr (GBytes) signature = tag_of (signer, "text");
  g_autoptr (GBytes) mac = tag_of (macer, "text");

  fail_unless_equals_int (
      check_tag (signatures, "text", signature, NULL), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (
      check_tag (macs, "text", mac, NULL), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

static Suite *
tag_suite (void)
{
  Suite *s = suite_create ("tag");
  TCase *tc = tcase_create ("tags");
  const gint n = G_N_ELEMENTS (protections);

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_loop_test (tc, test_stream, 0, n);
  tcase_add_loop_test (tc, test_every_byte_of_the_tag, 0, n);
  tcase_add_loop_test (tc, test_other_streams_and_protections, 0, n);
  tcase_add_test (tc, test_wrong_keys);
  return s;
}

CHECK_PROGRAM (tag)
