/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* `identity` of offers, answers and restarts (security.md#media-and-messages):
 * every thing it is signed over, changed once. */

#include "program.h"
#include "support/trust/trustkeys.h"

#include <gst/videomeet/base/base64.h>
#include <gst/videomeet/trust/media/messagekeys.h>
#include <string.h>

#define DATE G_GINT64_CONSTANT (1800000000)
#define FP                                           \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:" \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FF"
#define FP_OTHER                                     \
  "0A:1B:2C:3D:4E:5F:60:71:82:93:A4:B5:C6:D7:E8:F9:" \
  "00:11:22:33:44:55:66:77:88:99:AA:BB:CC:DD:EE:FE"
#define HEAD "v=0\r\no=- 1 0 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\n"
#define MEDIA(fp, ufrag)                                        \
  "m=audio 9 UDP/TLS/RTP/SAVPF 97\r\na=fingerprint:sha-256 " fp \
  "\r\na=ice-ufrag:" ufrag "\r\n"
#define SDP HEAD MEDIA (FP, "abcd")

static const guint8 nonce_a[VM_MEDIA_NONCE_SIZE] = "a nonce of ann's";
static const guint8 nonce_b[VM_MEDIA_NONCE_SIZE] = "a nonce of bob's";
static const guint8 nonce_c[VM_MEDIA_NONCE_SIZE] = "an earlier nonce";

static VmEphemeral *ephemeral;

static void
setup (void)
{
  trust_keys_setup ();
  ephemeral = vm_ephemeral_new (NULL);
}

static void
teardown (void)
{
  vm_ephemeral_free (ephemeral);
  trust_keys_teardown ();
}

/* From ann to bob. */
static VmMediaBinding
binding (VmMediaRole role)
{
  return (VmMediaBinding){ .role = role,
    .meeting_id = "meeting",
    .from = { vm_identity_get_device_id (ann), "p001", nonce_a },
    .to = { vm_identity_get_device_id (bob), "p002", nonce_b },
    .session = "session",
    .generation = 3,
    .sdp = SDP,
    .offer = role == VM_MEDIA_ANSWER ? "the offer's identity" : NULL };
}

static gchar *
sign (const VmMediaBinding *what)
{
  g_autoptr (GError) error = NULL;
  gchar *text = vm_media_identity_sign (
      ann, what, vm_ephemeral_get_spki (ephemeral), DATE, &error);

  g_assert_no_error (error);
  return text;
}

/* 0: it is good. */
static gint
check_at (const gchar *text, const VmMediaBinding *what, gint64 date)
{
  g_auto (VmMediaIdentity) identity = { NULL };
  g_autoptr (GError) error = NULL;

  if (vm_media_identity_parse (&identity, text, &error)
      && vm_media_identity_verify (&identity, what, date, &error)) {
    g_assert_no_error (error);
    fail_unless_equals_string (identity.fingerprint, FP);
    return 0;
  }
  fail_unless (error && error->domain == VM_ERROR);
  fail_unless (identity.fingerprint == NULL);
  return error->code;
}

GST_START_TEST (test_good)
{
  VmMediaBinding what = binding (__i__);
  g_autofree gchar *text = sign (&what);
  g_auto (VmMediaIdentity) identity = { NULL };

  fail_unless_equals_int (strlen (text), VM_MEDIA_IDENTITY_LENGTH);
  fail_unless_equals_int (check_at (text, &what, DATE), 0);
  fail_unless (vm_media_identity_parse (&identity, text, NULL));
  fail_unless (g_bytes_equal (identity.ek, vm_ephemeral_get_spki (ephemeral)));
  fail_unless (g_bytes_equal (identity.spki, vm_identity_get_spki (ann)));
  fail_unless_equals_int64 (identity.expires, DATE + VM_MEDIA_IDENTITY_TIME);
}

GST_END_TEST;

enum
{
  ROLE,
  MEETING,
  FROM_PARTICIPANT,
  FROM_NONCE,
  TO_DEVICE,
  TO_PARTICIPANT,
  TO_NONCE,
  SESSION,
  GENERATION,
  FINGERPRINT,
  UFRAG,
  OFFER,
  NO_OFFER,
  /* a field's end moved into the next */
  SPLIT,
  EXCHANGED,
  N_CHANGES
};

static void
change (VmMediaBinding *what, guint which)
{
  VmMediaSide side;

  switch (which) {
    case ROLE:
      what->role =
          what->role == VM_MEDIA_OFFER ? VM_MEDIA_RESTART : VM_MEDIA_OFFER;
      break;
    case MEETING:
      what->meeting_id = "another";
      break;
    case FROM_PARTICIPANT:
      what->from.participant_id = "p003";
      break;
    case FROM_NONCE:
      what->from.nonce = nonce_c;
      break;
    case TO_DEVICE:
      what->to.device_id = vm_identity_get_device_id (eve);
      break;
    case TO_PARTICIPANT:
      what->to.participant_id = "p003";
      break;
    case TO_NONCE:
      what->to.nonce = nonce_c;
      break;
    case SESSION:
      what->session = "another";
      break;
    case GENERATION:
      what->generation++;
      break;
    case FINGERPRINT:
      what->sdp = HEAD MEDIA (FP_OTHER, "abcd");
      break;
    case UFRAG:
      what->sdp = HEAD MEDIA (FP, "abce");
      break;
    case OFFER:
      what->offer = "another offer's identity";
      break;
    case NO_OFFER:
      what->offer = what->offer ? NULL : "an offer's identity";
      break;
    case SPLIT:
      what->meeting_id = "meetin";
      what->from.device_id = vm_identity_get_device_id (ann);
      break;
    default:
      side = what->from;
      what->from.participant_id = what->to.participant_id;
      what->to.participant_id = side.participant_id;
  }
}

GST_START_TEST (test_each_field)
{
  VmMediaBinding what = binding (__i__ % 3), other = what;
  g_autofree gchar *text = sign (&what);

  change (&other, __i__ / 3);
  fail_unless_equals_int (check_at (text, &other, DATE),
      other.role == VM_MEDIA_ANSWER && !other.offer ? VM_ERROR_BAD_MESSAGE
                                                    : VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* Whoever signs it: only the device that it is from. */
GST_START_TEST (test_another_device)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER), from_bob = what;
  VmMediaBinding keyless = what;
  g_autofree gchar *text = sign (&what);

  from_bob.from.device_id = vm_identity_get_device_id (bob);
  keyless.from.device_id = "";
  fail_unless_equals_int (check_at (text, &from_bob, DATE), VM_ERROR_WRONG_KEY);
  fail_unless_equals_int (check_at (text, &keyless, DATE), VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* To a browser without a key there is no device id. */
GST_START_TEST (test_to_a_browser)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER), to_bob = what;
  g_autofree gchar *text = NULL;

  what.to.device_id = "";
  text = sign (&what);
  fail_unless_equals_int (check_at (text, &what, DATE), 0);
  fail_unless_equals_int (check_at (text, &to_bob, DATE), VM_ERROR_SIGNATURE);
}

GST_END_TEST;

/* A signed identity sent back to its maker, as if it were the answer. */
GST_START_TEST (test_reflected)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER);
  g_autofree gchar *text = sign (&what);
  VmMediaBinding back = { .role = VM_MEDIA_ANSWER,
    .meeting_id = what.meeting_id,
    .from = what.to,
    .to = what.from,
    .session = what.session,
    .generation = what.generation,
    .sdp = what.sdp,
    .offer = text };

  fail_unless_equals_int (check_at (text, &back, DATE), VM_ERROR_WRONG_KEY);
}

GST_END_TEST;

/* A bit of every byte: what the string holds is all signed. */
GST_START_TEST (test_every_byte)
{
  VmMediaBinding what = binding (VM_MEDIA_ANSWER);
  g_autofree gchar *text = sign (&what);
  guint8 data[VM_MEDIA_IDENTITY_SIZE];

  fail_unless (vm_base64url_read (text, data, sizeof data));
  for (guint i = 0; i < sizeof data; i++) {
    g_autofree gchar *changed = NULL;

    data[i] ^= 1 << i % 8;
    changed = vm_base64url_write (data, sizeof data);
    data[i] ^= 1 << i % 8;
    fail_unless (check_at (changed, &what, DATE) != 0, "byte %u", i);
  }
}

GST_END_TEST;

GST_START_TEST (test_texts)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER);
  g_autofree gchar *text = sign (&what);
  g_autofree gchar *longer = g_strconcat (text, "A", NULL);
  g_autofree gchar *shorter = g_strndup (text, strlen (text) - 1);
  g_autofree gchar *zeros = g_strnfill (VM_MEDIA_IDENTITY_LENGTH, 'A');
  g_autofree gchar *much = g_strnfill (65536, 'A');
  const gchar *const bad[] = { NULL, "", "{}", longer, shorter, zeros, much };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    fail_unless_equals_int (
        check_at (bad[i], &what, DATE), VM_ERROR_BAD_MESSAGE);
}

GST_END_TEST;

GST_START_TEST (test_bad_sdp)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER), bad = what;
  g_autofree gchar *text = sign (&what);
  g_autoptr (GError) error = NULL;
  const gchar *const sdps[] = { "", "v=0\r\n", HEAD,
    HEAD MEDIA (FP, "abcd") MEDIA (FP_OTHER, "abcd"),
    HEAD MEDIA (FP, "abcd") MEDIA (FP, "abce"),
    HEAD MEDIA (FP, "abcd") "a=fingerprint:sha-1 00\r\n",
    HEAD MEDIA (FP, "abcd") "a=fingerprint:sha-384 " FP ":" FP "\r\n",
    HEAD MEDIA (FP, "abcd") "a=fingerprint:sha-256 " FP "\r\n",
    HEAD MEDIA (FP, "abcd") "a=fingerprint:sha-256 " FP_OTHER "\r\n" };

  for (guint i = 0; i < G_N_ELEMENTS (sdps); i++) {
    bad.sdp = sdps[i];
    fail_unless_equals_int (check_at (text, &bad, DATE), VM_ERROR_BAD_MESSAGE);
    fail_unless (vm_media_identity_sign (
                     ann, &bad, vm_ephemeral_get_spki (ephemeral), DATE, &error)
                 == NULL);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
    g_clear_error (&error);
  }
}

GST_END_TEST;

GST_START_TEST (test_dates)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER);
  g_autofree gchar *text = sign (&what);
  const gint64 last = DATE + VM_MEDIA_IDENTITY_TIME + VM_MEDIA_CLOCK_SKEW;
  const gint64 first = DATE - VM_MEDIA_CLOCK_SKEW;
  const struct
  {
    gint64 date;
    gint code;
  } cases[] = { { DATE, 0 }, { last - 1, 0 }, { last, 0 },
    { last + 1, VM_ERROR_SIGNATURE }, { first + 1, 0 }, { first, 0 },
    { first - 1, VM_ERROR_SIGNATURE }, { 0, VM_ERROR_SIGNATURE } };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    fail_unless_equals_int (
        check_at (text, &what, cases[i].date), cases[i].code);
}

GST_END_TEST;

/* An expiry of 2^64 - 1 is none. */
GST_START_TEST (test_huge_expiry)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER);
  g_autofree gchar *text = sign (&what);
  guint8 data[VM_MEDIA_IDENTITY_SIZE];
  gsize at = 1 + 2 * VM_SPKI_SIZE;

  fail_unless (vm_base64url_read (text, data, sizeof data));
  for (guint top = 0; top < 2; top++) {
    g_autofree gchar *changed = NULL;

    memset (data + at, 0xff, 8);
    data[at] = top ? 0xff : 0x7f;
    changed = vm_base64url_write (data, sizeof data);
    fail_unless_equals_int (check_at (changed, &what, DATE),
        top ? VM_ERROR_BAD_MESSAGE : VM_ERROR_SIGNATURE);
  }
}

GST_END_TEST;

/* Replays */

static gint
accept (VmMediaReplay *replay, const VmMediaIdentity *identity, gint64 date)
{
  g_autoptr (GError) error = NULL;

  if (vm_media_replay_accept (replay, identity, date, &error))
    return 0;
  fail_unless (error->domain == VM_ERROR);
  return error->code;
}

/* The order of P-256, SEC 2 §2.4.2. */
static const gchar order[] =
    "FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551";

/* r, -s: as good a signature of the same. */
static gchar *
other_spelling (const gchar *text)
{
  guint8 data[VM_MEDIA_IDENTITY_SIZE];
  guint8 *half = data + VM_MEDIA_IDENTITY_SIZE - VM_SIGNATURE_SIZE / 2;
  guint borrow = 0;

  fail_unless (vm_base64url_read (text, data, sizeof data));
  for (gint i = VM_SIGNATURE_SIZE / 2 - 1; i >= 0; i--) {
    gint byte = g_ascii_xdigit_value (order[2 * i]) * 16
                + g_ascii_xdigit_value (order[2 * i + 1]);
    gint rest = byte - half[i] - (gint) borrow;

    borrow = rest < 0;
    half[i] = rest & 0xff;
  }
  return vm_base64url_write (data, sizeof data);
}

GST_START_TEST (test_replay)
{
  VmMediaBinding what = binding (VM_MEDIA_OFFER), next = what;
  g_autofree gchar *text = sign (&what);
  g_autofree gchar *spelling = other_spelling (text);
  g_autofree gchar *later = NULL;
  g_autoptr (VmMediaReplay) replay = vm_media_replay_new ();
  g_auto (VmMediaIdentity) one = { NULL };
  g_auto (VmMediaIdentity) same = { NULL };
  g_auto (VmMediaIdentity) other = { NULL };

  next.generation++;
  later = sign (&next);
  fail_unless (vm_media_identity_parse (&one, text, NULL));
  fail_unless (vm_media_identity_verify (&one, &what, DATE, NULL));
  fail_unless (vm_media_identity_parse (&same, spelling, NULL));
  fail_unless (vm_media_identity_verify (&same, &what, DATE, NULL));
  fail_unless (vm_media_identity_parse (&other, later, NULL));
  fail_unless (vm_media_identity_verify (&other, &next, DATE, NULL));
  fail_if (strcmp (text, spelling) == 0);

  fail_unless_equals_int (accept (replay, &one, DATE), 0);
  fail_unless_equals_int (accept (replay, &one, DATE), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (accept (replay, &same, DATE), VM_ERROR_SIGNATURE);
  fail_unless_equals_int (accept (replay, &other, DATE), 0);
  /* remembered as long as it would be taken */
  fail_unless_equals_int (
      accept (
          replay, &one, DATE + VM_MEDIA_IDENTITY_TIME + VM_MEDIA_CLOCK_SKEW),
      VM_ERROR_SIGNATURE);
}

GST_END_TEST;

GST_START_TEST (test_replay_limit)
{
  g_autoptr (VmMediaReplay) replay = vm_media_replay_new ();
  VmMediaIdentity identity = { .expires = DATE };

  for (guint i = 0; i < VM_MEDIA_REPLAY_MAX; i++) {
    memcpy (identity.hash, &i, sizeof i);
    fail_unless_equals_int (accept (replay, &identity, DATE), 0);
  }
  memset (identity.hash, 0xff, sizeof identity.hash);
  fail_unless_equals_int (
      accept (replay, &identity, DATE + VM_MEDIA_CLOCK_SKEW),
      VM_ERROR_RATE_LIMITED);
  /* when the others have expired */
  identity.expires = DATE + 1;
  fail_unless_equals_int (
      accept (replay, &identity, DATE + VM_MEDIA_CLOCK_SKEW + 1), 0);
}

GST_END_TEST;

static Suite *
mediaidentity_suite (void)
{
  Suite *s = suite_create ("mediaidentity");
  TCase *tc = tcase_create ("identities");

  suite_add_tcase (s, tc);
  tcase_add_unchecked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_good, 0, 3);
  tcase_add_loop_test (tc, test_each_field, 0, 3 * N_CHANGES);
  tcase_add_test (tc, test_another_device);
  tcase_add_test (tc, test_to_a_browser);
  tcase_add_test (tc, test_reflected);
  tcase_add_test (tc, test_every_byte);
  tcase_add_test (tc, test_texts);
  tcase_add_test (tc, test_bad_sdp);
  tcase_add_test (tc, test_dates);
  tcase_add_test (tc, test_huge_expiry);
  tcase_add_test (tc, test_replay);
  tcase_add_test (tc, test_replay_limit);
  return s;
}

CHECK_PROGRAM (mediaidentity)
