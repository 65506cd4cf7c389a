/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The offer of a file is the word of the device that sends it, to the one that
 * is meant. */

#include "program.h"
#include "support/trust/trustkeys.h"
#include <gst/videomeet/transfer/objects/vmfilelane.h>

#include <gst/videomeet/transfer/message/offersignature.h>
#include <gst/videomeet/trust/media/vmmediasession-priv.h>
#include <gst/videomeet/videomeet.h>
#include <string.h>

#define ID "3d5f8f4e-0a1b-4c2d-8e3f-405162738495"
#define NONCE_A "YSBub25jZSBvZiBhbm4ncw=="
#define NONCE_B "YSBub25jZSBvZiBib2Incw=="
#define SDP(fp, ufrag)                                                       \
  "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"                        \
  "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=fingerprint:sha-256 "                 \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:00:11:22:33:44:55:66:77:" \
  "88:99:AA:BB:CC:DD:EE:" fp "\r\na=ice-ufrag:" ufrag "\r\n"
#define OFFER SDP ("AA", "offr")
#define ANSWER SDP ("BB", "answ")

static VmMediaSession *
new_session (gboolean of_ann)
{
  VmIdentity *other = of_ann ? bob : ann;
  const VmMediaSessionConfig config = { .identity = of_ann ? ann : bob,
    .meeting_id = "meeting",
    .participant_id = of_ann ? "p001" : "p002",
    .nonce = of_ann ? NONCE_A : NONCE_B,
    .other_device_id = vm_identity_get_device_id (other),
    .other_participant_id = of_ann ? "p002" : "p001",
    .other_nonce = of_ann ? NONCE_B : NONCE_A,
    .session = "session",
    .generation = 1 };

  return vm_media_session_new (&config, NULL);
}

static VmFileLane *a, *b;

static void
setup (void)
{
  g_autoptr (VmMediaSession) one = new_session (TRUE);
  g_autoptr (VmMediaSession) two = new_session (FALSE);
  g_autofree gchar *offer = NULL, *answer = NULL;

  fail_unless (vm_media_session_sign (
      one, VM_DESCRIPTION_TYPE_OFFER, OFFER, &offer, NULL));
  fail_unless (vm_media_session_check (
      two, VM_DESCRIPTION_TYPE_OFFER, OFFER, offer, NULL));
  fail_unless (vm_media_session_sign (
      two, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, &answer, NULL));
  fail_unless (vm_media_session_check (
      one, VM_DESCRIPTION_TYPE_ANSWER, ANSWER, answer, NULL));
  a = vm_file_lane_new ();
  b = vm_file_lane_new ();
  vm_file_lane_set_session (a, one);
  vm_file_lane_set_session (b, two);
}

static void
teardown (void)
{
  g_clear_object (&a);
  g_clear_object (&b);
}

/* What goes over the channel when @lane offers a file. */
static gchar *
offer_text (VmFileLane *lane)
{
  g_autoptr (GstStructure) s = gst_structure_new ("FILE_OFFER", "id",
      G_TYPE_STRING, ID, "filename", G_TYPE_STRING, "a.iso", "size",
      G_TYPE_INT64, G_GINT64_CONSTANT (7000), "hash", G_TYPE_STRING, "",
      "mtime", G_TYPE_INT64, G_GINT64_CONSTANT (1763632800250), "chunkSize",
      G_TYPE_INT64, G_GINT64_CONSTANT (65536), NULL);
  g_autoptr (GBytes) packet = NULL;
  gboolean text = FALSE;

  fail_unless (vm_file_lane_put (lane, s, NULL, NULL));
  packet = vm_file_lane_next (lane, VM_FILE_LANE_CONTROL, 0, FALSE, &text);
  fail_unless (packet && text);
  return g_strndup (g_bytes_get_data (packet, NULL), g_bytes_get_size (packet));
}

/* 0: it is taken. */
static gint
take (VmFileLane *lane, const gchar *text)
{
  g_autoptr (GBytes) data = g_bytes_new (text, strlen (text));
  g_autoptr (GError) error = NULL;
  g_autoptr (GstBuffer) buffer = vm_file_lane_take (lane, data, TRUE, &error);

  fail_unless (!buffer == !!error);
  return error ? error->code : 0;
}

GST_START_TEST (test_signed)
{
  g_autofree gchar *text = offer_text (a), *back = offer_text (b);

  fail_unless_equals_int (take (b, text), 0);
  fail_unless_equals_int (take (b, text), 0);
  fail_unless_equals_int (take (a, back), 0);
  /* one's own, and to another */
  fail_unless_equals_int (take (a, text), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* Each field of an offer that is changed on its way. */
GST_START_TEST (test_altered)
{
  static const gchar *const changes[][2] = {
    { "a.iso", "b.iso" },
    { "\"size\":7000", "\"size\":7001" },
    { "\"hash\":\"\"", "\"hash\":\"ca978112ca1bbdcafac231b39a23dc4da786eff8147c"
                       "4e72b9807785afee48bb\"" },
    { ID, "4d5f8f4e-0a1b-4c2d-8e3f-405162738495" },
    { "00.250Z", "00.251Z" },
    { "65536", "65535" },
    { "\"filename\"", "\"mime\":\"text/plain\",\"filename\"" },
    { "\"filename\"", "\"encodings\":[\"json\"],\"filename\"" },
    { "\"signature\"", "\"signature2\"" },
  };
  g_autofree gchar *text = offer_text (a);
  g_auto (GStrv) parts = g_strsplit (text, changes[__i__][0], -1);
  g_autofree gchar *altered = g_strjoinv (changes[__i__][1], parts);

  fail_if (strcmp (altered, text) == 0, "%s", text);
  fail_unless_equals_int (take (b, altered), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (take (b, text), 0);
}

GST_END_TEST;

/* Who is no device signs nothing, and nothing is looked at. */
GST_START_TEST (test_without_keys)
{
  g_autoptr (VmFileLane) page = vm_file_lane_new ();
  g_autoptr (VmFileLane) other = vm_file_lane_new ();
  g_autofree gchar *text = offer_text (page);
  g_autofree gchar *with = offer_text (a);

  fail_if (strstr (text, "signature"));
  fail_unless_equals_int (take (other, text), 0);
  fail_unless_equals_int (take (other, with), 0);
  fail_unless_equals_int (take (b, text), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* The receiver is in what is signed. */
GST_START_TEST (test_shown_to_another)
{
  g_autofree gchar *text = offer_text (a);
  g_autoptr (VmTransferMessage) offer =
      vm_transfer_message_read (text, strlen (text), NULL);
  GBytes *spki = vm_identity_get_spki (ann);

  fail_unless (
      vm_offer_verify (spki, offer, vm_identity_get_device_id (bob), NULL));
  fail_if (
      vm_offer_verify (spki, offer, vm_identity_get_device_id (ann), NULL));
}

GST_END_TEST;

static Suite *
offersignature_suite (void)
{
  Suite *s = suite_create ("offersignature");
  TCase *tc = tcase_create ("offersignature");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, trust_keys_setup, trust_keys_teardown);
  tcase_add_checked_fixture (tc, setup, teardown);
  tcase_add_test (tc, test_signed);
  tcase_add_loop_test (tc, test_altered, 0, 9);
  tcase_add_test (tc, test_without_keys);
  tcase_add_test (tc, test_shown_to_another);
  return s;
}

CHECK_PROGRAM (offersignature)
