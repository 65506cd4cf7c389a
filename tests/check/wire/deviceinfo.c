/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "program.h"

#include <gst/videomeet/vmerror.h>
#include <gst/videomeet/wire/deviceinfo.h>
#include <string.h>

/* 32 bytes of 0xff, as in identity.c */
#define KEY "__________________________________________8"
#define ID "7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-7777-777Q"
#define OTHER_ID \
  "AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA-AAAA"
#define MID "0b1e3f0a-8f4e-4bb0-9b2f-0d2f6a6b9c11"

/* The example of protocol/discovery.md#txt. */
static const gchar *const seed_txt[] = { "version=2.0", "user=John Doe",
  "device=macbook-pro-123", "status=available", "participants=0",
  "maxparticipants=10", "capabilities=video,audio,share", "secure=true",
  "meeting=none", NULL };

static VmDeviceInfo *
john (void)
{
  VmDeviceInfo *info = vm_device_info_new ();

  info->user = (g_free (info->user), g_strdup ("John Doe"));
  info->device = (g_free (info->device), g_strdup ("macbook-pro-123"));
  info->device_name = g_strdup ("MacBook Pro");
  g_strfreev (info->capabilities);
  info->capabilities = g_strsplit ("video,audio,share", ",", -1);
  info->port = 8080;
  return info;
}

static VmDeviceInfo *
john_meeting (void)
{
  VmDeviceInfo *info = john ();

  info->device_id = g_strdup (ID);
  info->key_hash = g_strdup (KEY);
  info->meeting = g_strdup ("standup");
  info->meeting_id = g_strdup (MID);
  info->participants = 2;
  info->epoch = 1;
  return info;
}

static VmDeviceInfo *
from_json (const gchar *json, gchar **type, GError **error)
{
  return vm_device_info_from_datagram (
      (const guint8 *) json, strlen (json), type, error);
}

GST_START_TEST (test_txt_is_the_seed_s)
{
  g_autoptr (VmDeviceInfo) info = john ();
  g_auto (GStrv) txt = vm_device_info_to_txt (info);
  g_autofree gchar *instance = vm_device_info_instance (info);

  fail_unless (g_strv_equal ((const gchar *const *) txt, seed_txt));
  fail_unless_equals_string (instance, "John Doe's MacBook Pro");
}

GST_END_TEST;

GST_START_TEST (test_txt_of_a_meeting)
{
  g_autoptr (VmDeviceInfo) info = john_meeting ();
  g_autoptr (VmDeviceInfo) back = NULL;
  g_auto (GStrv) txt = vm_device_info_to_txt (info);

  fail_unless_equals_string (txt[8], "meeting=standup");
  fail_unless_equals_string (txt[9], "id=" ID);
  fail_unless_equals_string (txt[10], "pk=" KEY);
  fail_unless_equals_string (txt[11], "mid=" MID);
  fail_unless_equals_string (txt[12], "epoch=1");
  fail_unless (txt[13] == NULL);
  back = vm_device_info_from_txt ((const gchar *const *) txt, NULL);
  /* port and label travel beside the TXT record, in SRV and instance */
  back->port = 8080;
  back->device_name = g_strdup ("MacBook Pro");
  fail_unless (vm_device_info_equal (info, back));
}

GST_END_TEST;

GST_START_TEST (test_txt_of_a_seed_only_peer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (seed_txt, &error);

  g_assert_no_error (error);
  fail_unless_equals_string (info->user, "John Doe");
  fail_unless_equals_string (info->capabilities[2], "share");
  fail_unless (info->meeting == NULL && info->device_id == NULL);
  fail_unless (info->secure);
}

GST_END_TEST;

GST_START_TEST (test_txt_odd_but_legal)
{
  /* RFC 6763 §6.4: no "=", empty key, case, doubles, unknown keys */
  const gchar *const txt[] = { "novalue", "=x", "USER=Ann", "user=Bob",
    "x-new=1", "port=1", "meeting=none", "mid=" MID, NULL };
  g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (txt, NULL);

  fail_unless_equals_string (info->user, "Ann");
  /* a meeting really called so has an id */
  fail_unless_equals_string (info->meeting, "none");
}

GST_END_TEST;

/* The port is the SRV record's, however a TXT record spells its own. */
GST_START_TEST (test_txt_has_no_port)
{
  const gchar *const keys[] = { "port=1", "PORT=1", "Port=1", "pORT=nonsense",
    "PORT=", "PORT=99999" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++) {
    const gchar *const txt[] = { keys[i], "user=Ann", NULL };
    g_autoptr (GError) error = NULL;
    g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (txt, &error);

    g_assert_no_error (error);
    fail_unless_equals_string (info->user, "Ann");
    fail_unless_equals_int (info->port, 0);
  }
}

GST_END_TEST;

GST_START_TEST (test_txt_refused)
{
  const gchar *const bad[] = { "user=a\nb", "user=\x7f", "user=\xc3\x28",
    "user=\xc2\x85", "device=\x1b[2J", "participants=-1", "participants=65536",
    "participants=", "participants=1x", "maxparticipants=99999999999999999999",
    "secure=yes", "id=short", "pk=short", "epoch=2147483648",
    "mid=0b1e3f0a-8f4e-4bb0-9b2f-0d2f6a6b9c111",
    "capabilities=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
    "capabilities=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", NULL };

  for (guint i = 0; bad[i]; i++) {
    const gchar *const txt[] = { bad[i], NULL };
    g_autoptr (GError) error = NULL;
    g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (txt, &error);

    fail_unless (info == NULL, "%s was taken", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_text_at_below_and_above_the_limit)
{
  for (gsize size = VM_DEVICE_TEXT_MAX - 1; size <= VM_DEVICE_TEXT_MAX + 1;
       size++) {
    g_autofree gchar *name = g_strnfill (size, 'x');
    g_autofree gchar *user = g_strconcat ("user=", name, NULL);
    g_autofree gchar *meeting = g_strconcat ("meeting=", name, NULL);
    const gchar *const txt[] = { user, meeting, NULL };
    g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (txt, NULL);

    fail_unless_equals_int (info != NULL, size <= VM_DEVICE_TEXT_MAX);
  }
}

GST_END_TEST;

GST_START_TEST (test_id_must_be_the_hash_of_the_key)
{
  const gchar *const txt[] = { "id=" OTHER_ID, "pk=" KEY, NULL };
  const gchar *const only_key[] = { "pk=" KEY, NULL };
  g_autoptr (GError) error = NULL;
  g_autoptr (VmDeviceInfo) info = vm_device_info_from_txt (txt, &error);
  g_autoptr (VmDeviceInfo) derived = vm_device_info_from_txt (only_key, NULL);

  fail_unless (info == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_WRONG_KEY);
  fail_unless_equals_string (derived->device_id, ID);
}

GST_END_TEST;

GST_START_TEST (test_instance_is_cut_between_characters)
{
  g_autoptr (VmDeviceInfo) info = vm_device_info_new ();
  g_autofree gchar *exact = NULL;
  g_autofree gchar *cut = NULL;
  g_autofree gchar *bare = NULL;

  /* "X's " + 54 = 58 bytes */
  info->user = (g_free (info->user), g_strdup ("X"));
  info->device_name = g_strnfill (54, 'y');
  exact = vm_device_info_instance (info);
  fail_unless_equals_int (strlen (exact), VM_INSTANCE_MAX);

  /* 57 bytes, then a character of two: it goes whole */
  g_free (info->device_name);
  info->device_name = g_strdup (
      "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\xc3\xa4");
  cut = vm_device_info_instance (info);
  fail_unless_equals_int (strlen (cut), VM_INSTANCE_MAX - 1);
  fail_unless (g_utf8_validate (cut, -1, NULL));

  info->user = (g_free (info->user), g_strdup (""));
  bare = vm_device_info_instance (info);
  fail_unless (g_str_has_prefix (bare, "yyy"));
}

GST_END_TEST;

GST_START_TEST (test_datagrams)
{
  g_autoptr (VmDeviceInfo) info = john_meeting ();
  g_autoptr (VmDeviceInfo) back = NULL;
  g_autoptr (VmDeviceInfo) asked = NULL;
  g_autoptr (GBytes) announce =
      vm_device_info_to_datagram (info, "announce", NULL);
  g_autoptr (GBytes) query = vm_device_info_to_datagram (NULL, "query", NULL);
  g_autofree gchar *type = NULL;
  g_autofree gchar *type2 = NULL;
  gsize size;
  const gchar *text = g_bytes_get_data (announce, &size);

  fail_unless (
      g_str_has_prefix (text, "{\"vm\":2,\"t\":\"announce\",\"version\":\"2."
                              "0\",\"user\":\"John Doe\""));
  fail_unless (g_strstr_len (text, size, "\"port\":8080}") != NULL);
  back =
      vm_device_info_from_datagram ((const guint8 *) text, size, &type, NULL);
  back->device_name = g_strdup ("MacBook Pro");
  fail_unless (vm_device_info_equal (info, back));
  fail_unless_equals_string (type, "announce");

  text = g_bytes_get_data (query, &size);
  fail_unless_equals_int (size, strlen ("{\"vm\":2,\"t\":\"query\"}"));
  asked =
      vm_device_info_from_datagram ((const guint8 *) text, size, &type2, NULL);
  fail_unless (asked != NULL);
  fail_unless_equals_string (type2, "query");
}

GST_END_TEST;

GST_START_TEST (test_datagrams_of_other_writers)
{
  g_autofree gchar *type = NULL;
  g_autoptr (VmDeviceInfo) info =
      from_json ("{\"t\":\"bye\",\"vm\":\"2\",\"port\":1,\"participants\":3,"
                 "\"version\":2.0,\"status\":null,\"user\":\"x\",\"secure\":"
                 "false,\"new\":{\"a\":[1]},\"user\":\"J\\u00f6rg\"}",
          &type, NULL);

  fail_unless (info != NULL);
  fail_unless_equals_int (info->participants, 3);
  fail_unless (!info->secure);
  fail_unless_equals_string (info->version, "2.0");
  fail_unless_equals_string (info->status, "available");
  /* of two the last, as browsers do */
  fail_unless_equals_string (info->user, "J\xc3\xb6rg");
}

GST_END_TEST;

GST_START_TEST (test_datagrams_refused)
{
  const gchar *bad[] = { "", "{", "[]", "null", "{}", "{\"vm\":2}",
    "{\"vm\":1,\"t\":\"query\"}", "{\"vm\":{},\"t\":\"query\"}",
    "{\"vm\":2,\"t\":[]}", "{\"vm\":2,\"t\":\"shout\",\"port\":1}",
    "{\"vm\":2,\"t\":\"announce\"}", "{\"vm\":2,\"t\":\"announce\",\"port\":0}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":65536}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":1,\"user\":\"a\\u0007b\"}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":1,\"user\":\"\xff\"}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":1,\"user\":\"a\\u0000b\"}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":1.5}",
    /* not JSON, though it could be guessed what was meant */
    "{\"vm\":2,\"t\":\"announce\",\"port\":1,}",
    "{\"vm\":2 \"t\":\"announce\" \"port\":1}",
    "{\"vm\":2,\"t\":\"announce\",\"port\":1}x", NULL };

  for (guint i = 0; bad[i]; i++) {
    g_autoptr (GError) error = NULL;
    g_autofree gchar *type = NULL;
    g_autoptr (VmDeviceInfo) info = from_json (bad[i], &type, &error);

    fail_unless (info == NULL, "%s was taken", bad[i]);
    g_assert_error (error, VM_ERROR, VM_ERROR_BAD_MESSAGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_datagram_at_below_and_above_the_limit)
{
  const gchar *head = "{\"vm\":2,\"t\":\"query\"}";

  for (gsize size = VM_DATAGRAM_MAX - 1; size <= VM_DATAGRAM_MAX + 1; size++) {
    g_autofree gchar *pad = g_strnfill (size - strlen (head), ' ');
    g_autofree gchar *json = g_strconcat (head, pad, NULL);
    g_autofree gchar *type = NULL;
    g_autoptr (GError) error = NULL;
    g_autoptr (VmDeviceInfo) info = from_json (json, &type, &error);

    fail_unless_equals_int (info != NULL, size <= VM_DATAGRAM_MAX);
    if (!info)
      g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
  }
}

GST_END_TEST;

GST_START_TEST (test_names_that_do_not_fit_a_datagram)
{
  g_autoptr (VmDeviceInfo) info = john_meeting ();
  g_autoptr (GError) error = NULL;
  g_autoptr (GBytes) fits = NULL;
  g_autoptr (GBytes) bytes = NULL;

  g_free (info->user);
  g_free (info->device);
  g_free (info->meeting);
  info->user = g_strnfill (VM_DEVICE_TEXT_MAX, 'u');
  info->device = g_strnfill (VM_DEVICE_TEXT_MAX, 'd');
  info->meeting = g_strnfill (VM_DEVICE_TEXT_MAX, 'm');
  fits = vm_device_info_to_datagram (info, "announce", &error);
  g_assert_no_error (error);
  fail_unless (fits != NULL);

  /* a quote takes two bytes in JSON: 1,024 for these four */
  g_free (info->status);
  info->status = g_strnfill (VM_DEVICE_TEXT_MAX, '"');
  memset (info->user, '"', VM_DEVICE_TEXT_MAX);
  memset (info->device, '"', VM_DEVICE_TEXT_MAX);
  memset (info->meeting, '"', VM_DEVICE_TEXT_MAX);
  bytes = vm_device_info_to_datagram (info, "announce", &error);
  fail_unless (bytes == NULL);
  g_assert_error (error, VM_ERROR, VM_ERROR_TOO_LARGE);
}

GST_END_TEST;

GST_START_TEST (test_status)
{
  g_autoptr (VmDeviceInfo) info = john_meeting ();
  g_autoptr (VmDeviceInfo) back = NULL;
  g_autoptr (GBytes) body = NULL;
  g_autofree gchar *text = NULL;

  info->meeting_state = g_strdup ("active");
  body = vm_device_info_to_status (info);
  text = g_strndup (g_bytes_get_data (body, NULL), g_bytes_get_size (body));
  fail_unless_equals_string (text,
      "{\"user\":\"John Doe\",\"device\":\"macbook-pro-123\",\"deviceId\":\"" ID
      "\",\"version\":\"2.0\",\"status\":\"available\",\"capabilities\":"
      "[\"video\",\"audio\",\"share\"],\"participants\":2,"
      "\"maxParticipants\":10,\"secure\":true,\"keyHash\":\"" KEY
      "\",\"meeting\":{\"id\":\"" MID
      "\",\"name\":\"standup\",\"state\":\"active\",\"epoch\":1}}");
  back = vm_device_info_from_status (text, strlen (text), NULL);
  back->device_name = g_strdup ("MacBook Pro");
  back->port = 8080;
  fail_unless (vm_device_info_equal (info, back));
}

GST_END_TEST;

GST_START_TEST (test_status_without_a_meeting)
{
  g_autoptr (VmDeviceInfo) info = john ();
  g_autoptr (VmDeviceInfo) back = NULL;
  g_autoptr (GBytes) body = vm_device_info_to_status (info);
  gsize size;
  const gchar *text = g_bytes_get_data (body, &size);

  fail_unless (g_strstr_len (text, size, "\"meeting\":null") != NULL);
  back = vm_device_info_from_status (text, size, NULL);
  fail_unless (back != NULL && back->meeting == NULL && !back->device_id);
}

GST_END_TEST;

GST_START_TEST (test_status_refused)
{
  const gchar *bad[] = { "", "[]", "{\"user\":\"a\\nb\"}",
    "{\"meeting\":{\"name\":\"\"}}", "{\"meeting\":{}}",
    "{\"capabilities\":[{}]}", "{\"capabilities\":[\"a,b\"]}",
    "{\"deviceId\":\"x\"}", "{\"participants\":-1}", NULL };
  g_autofree gchar *deep = g_strnfill (60000, '[');

  for (guint i = 0; bad[i]; i++) {
    g_autoptr (VmDeviceInfo) info =
        vm_device_info_from_status (bad[i], strlen (bad[i]), NULL);

    fail_unless (info == NULL, "%s was taken", bad[i]);
  }
  fail_unless (vm_device_info_from_status (deep, 60000, NULL) == NULL);
  memcpy (deep, "{\"a\":", 5);
  fail_unless (vm_device_info_from_status (deep, 60000, NULL) == NULL);
}

GST_END_TEST;

GST_START_TEST (test_status_at_below_and_above_the_limit)
{
  for (gsize size = VM_STATUS_MAX - 1; size <= VM_STATUS_MAX + 1; size++) {
    g_autofree gchar *body = g_strnfill (size, ' ');
    g_autoptr (VmDeviceInfo) info = NULL;

    memcpy (body, "{}", 2);
    info = vm_device_info_from_status (body, size, NULL);
    fail_unless_equals_int (info != NULL, size <= VM_STATUS_MAX);
  }
}

GST_END_TEST;

GST_START_TEST (test_redacted)
{
  g_autoptr (VmDeviceInfo) info = john_meeting ();
  g_autoptr (VmDeviceInfo) full =
      vm_device_info_redact (info, VM_ANNOUNCE_FULL, "net");
  g_autoptr (VmDeviceInfo) one =
      vm_device_info_redact (info, VM_ANNOUNCE_MINIMAL, "net");
  g_autoptr (VmDeviceInfo) same =
      vm_device_info_redact (info, VM_ANNOUNCE_MINIMAL, "net");
  g_autoptr (VmDeviceInfo) other =
      vm_device_info_redact (info, VM_ANNOUNCE_MINIMAL, "other net");
  g_auto (GStrv) txt = vm_device_info_to_txt (one);
  g_autofree gchar *all = g_strjoinv ("\n", txt);

  fail_unless (vm_device_info_equal (info, full));
  fail_unless (vm_device_info_equal (one, same));
  fail_if (g_str_equal (one->device, other->device));
  fail_unless_equals_string (one->meeting, "private");
  for (guint i = 0; i < 6; i++) {
    const gchar *secret[] = { "John", "macbook", "MacBook", ID, MID, KEY };

    fail_unless (strstr (all, secret[i]) == NULL);
  }
}

GST_END_TEST;

static Suite *
deviceinfo_suite (void)
{
  Suite *s = suite_create ("deviceinfo");
  TCase *tc = tcase_create ("deviceinfo");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_txt_is_the_seed_s);
  tcase_add_test (tc, test_txt_of_a_meeting);
  tcase_add_test (tc, test_txt_of_a_seed_only_peer);
  tcase_add_test (tc, test_txt_odd_but_legal);
  tcase_add_test (tc, test_txt_has_no_port);
  tcase_add_test (tc, test_txt_refused);
  tcase_add_test (tc, test_text_at_below_and_above_the_limit);
  tcase_add_test (tc, test_id_must_be_the_hash_of_the_key);
  tcase_add_test (tc, test_instance_is_cut_between_characters);
  tcase_add_test (tc, test_datagrams);
  tcase_add_test (tc, test_datagrams_of_other_writers);
  tcase_add_test (tc, test_datagrams_refused);
  tcase_add_test (tc, test_datagram_at_below_and_above_the_limit);
  tcase_add_test (tc, test_names_that_do_not_fit_a_datagram);
  tcase_add_test (tc, test_status);
  tcase_add_test (tc, test_status_without_a_meeting);
  tcase_add_test (tc, test_status_refused);
  tcase_add_test (tc, test_status_at_below_and_above_the_limit);
  tcase_add_test (tc, test_redacted);
  return s;
}

CHECK_PROGRAM (deviceinfo)
