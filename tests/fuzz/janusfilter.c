/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "fuzz.h"
#include <gst/videomeet/wire/janus/janusfilter.h>

#include <string.h>

#define LINES_MAX 48
#define NAME "Ann \xe2\x9f\xa8m1:p003\xe2\x9f\xa9"

/* What reaches Janus has the server's secret, and its words where they are the
 * server's to say. */
static void
check_request (const gchar *text)
{
  VmJson json;
  VmJsonNode body;
  g_autofree gchar *secret = NULL, *request = NULL, *pin = NULL, *name = NULL;
  gint64 room = 4711;

  g_assert_true (vm_json_read_relayed (&json, text, strlen (text), NULL));
  vm_json_get_string (&json, 0, "apisecret", 16, &secret, NULL);
  g_assert_cmpstr (secret, ==, "s3");
  body = vm_json_get (&json, 0, "body");
  vm_json_get_string (&json, body, "request", 64, &request, NULL);
  vm_json_get_int (&json, body, "room", 0, G_MAXINT64, &room, NULL);
  g_assert_cmpint (room, ==, 4711);
  vm_json_get_string (&json, body, "display", 64, &name, NULL);
  g_assert_true (!name || strcmp (name, NAME) == 0);
  if (g_strcmp0 (request, "join") != 0)
    return;
  vm_json_get_string (&json, body, "pin", 64, &pin, NULL);
  g_assert_cmpstr (pin, ==, "234567");
}

/* A line that begins with "<" is Janus's, one that begins with a dot is a
 * second; all others are the participant's. */
void
fuzz_one (const guint8 *data, gsize size)
{
  const VmJanusFilterConfig config = {
    .room = 4711, .display = NAME, .pin = "234567", .api_secret = "s3"
  };
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", LINES_MAX);
  g_autoptr (VmJanusFilter) filter = vm_janus_filter_new (&config);
  gint64 now = G_USEC_PER_SEC;

  for (guint i = 0; lines[i]; i++) {
    g_autofree gchar *answer = NULL;
    g_autofree gchar *request = NULL;
    g_autofree gchar *end = NULL;
    VmJson json;

    if (*lines[i] == '.') {
      now += G_USEC_PER_SEC;
    } else if (*lines[i] == '<') {
      vm_janus_filter_reply (filter, lines[i] + 1, strlen (lines[i] + 1));
    } else {
      request = vm_janus_filter_request (
          filter, lines[i], strlen (lines[i]), now, &answer);
      g_assert_true (!request == !!answer);
      end = vm_janus_filter_take_end (filter);
      if (request)
        check_request (request);
      else
        g_assert_true (vm_json_read (&json, answer, strlen (answer), NULL));
    }
  }
}
