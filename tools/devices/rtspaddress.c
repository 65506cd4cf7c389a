/* SPDX-License-Identifier: LGPL-2.1-or-later */

#include "devices/rtspaddress.h"

#include <gst/gst.h>
#include <string.h>

#define SCHEME_END "://"
#define PORT_MAX 65535

static const gchar *const schemes[] = { "rtsp", "rtspt", "rtspu", "rtsps",
  "rtsph", NULL };

gboolean
vmt_is_rtsp (const gchar *spec)
{
  for (guint i = 0; schemes[i]; i++) {
    gsize size = strlen (schemes[i]);

    if (g_ascii_strncasecmp (spec, schemes[i], size) == 0
        && g_str_has_prefix (spec + size, SCHEME_END))
      return TRUE;
  }
  return FALSE;
}

gboolean
vmt_is_rtsps (const gchar *uri)
{
  return g_ascii_strncasecmp (uri, "rtsps:", 6) == 0;
}

/* Where the authority of @uri begins, how long it is, and how much of that is
 * for user and password, with the "@" (RFC 3986 §3.2); NULL: there is none. */
static const gchar *
find_authority (const gchar *uri, gsize *size, gsize *secret)
{
  const gchar *start = strstr (uri, SCHEME_END), *at = NULL;

  if (!start)
    return NULL;
  start += strlen (SCHEME_END);
  *size = strcspn (start, "/?#");
  for (gsize i = 0; i < *size; i++)
    if (start[i] == '@')
      at = start + i;
  *secret = at ? (gsize) (at + 1 - start) : 0;
  return start;
}

gchar *
vmt_uri_to_show (const gchar *uri)
{
  gsize size, secret;
  const gchar *authority = find_authority (uri, &size, &secret);
  g_autofree gchar *before = NULL;

  if (!authority)
    return g_strdup (uri);
  before = g_strndup (uri, authority - uri);
  return g_strconcat (before, authority + secret, NULL);
}

/* HOST, HOST:PORT, [ADDRESS] or [ADDRESS]:PORT */
static gboolean
is_place (const gchar *place)
{
  const gchar *colon =
      *place == '[' ? strchr (place, ']') : place + strcspn (place, ":");
  gchar *end = NULL;
  guint64 port;

  if (*place == '[')
    colon = colon ? colon + 1 : NULL;
  if (!colon || colon == place || (*colon && *colon != ':'))
    return FALSE;
  if (!*colon)
    return TRUE;
  if (!g_ascii_isdigit (colon[1]))
    return FALSE;
  port = g_ascii_strtoull (colon + 1, &end, 10);
  return !*end && port >= 1 && port <= PORT_MAX;
}

/* "USER" or "USER:PASSWORD" of @secret, which ends with "@". */
static gboolean
take_secret (VmtRtspAddress *self, const gchar *secret, gsize size)
{
  g_autofree gchar *text = g_strndup (secret, size ? size - 1 : 0);
  gchar *colon = strchr (text, ':');

  if (!size)
    return TRUE;
  if (colon)
    *colon++ = '\0';
  self->user = g_uri_unescape_string (text, NULL);
  self->password = colon ? g_uri_unescape_string (colon, NULL) : NULL;
  return self->user && (self->password || !colon);
}

#define FINGERPRINT_BYTES 32

/* @digits in the one form; NULL: it is none. */
static gchar *
normal_fingerprint (const gchar *digits)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < FINGERPRINT_BYTES; i++) {
    if (i && *digits == ':')
      digits++;
    if (!g_ascii_isxdigit (digits[0]) || !g_ascii_isxdigit (digits[1]))
      break;
    g_string_append_printf (text, "%s%c%c", i ? ":" : "",
        g_ascii_toupper (digits[0]), g_ascii_toupper (digits[1]));
    digits += 2;
  }
  if (!*digits && text->len == FINGERPRINT_BYTES * 3 - 1)
    return g_string_free (text, FALSE);
  g_string_free (text, TRUE);
  return NULL;
}

gchar *
vmt_rtsp_fingerprint (gconstpointer der, gsize size)
{
  g_autofree gchar *digits =
      g_compute_checksum_for_data (G_CHECKSUM_SHA256, der, size);

  return normal_fingerprint (digits);
}

/* Takes the fingerprint off the end of the location. */
static gboolean
take_fingerprint (VmtRtspAddress *self, GError **error)
{
  gchar *hash = strchr (self->location, '#');

  if (!hash)
    return TRUE;
  *hash = '\0';
  self->fingerprint =
      vmt_is_rtsps (self->location) ? normal_fingerprint (hash + 1) : NULL;
  if (self->fingerprint)
    return TRUE;
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "Behind the # of an address of rtsps stands the SHA-256 fingerprint of "
      "the camera's certificate, in 64 hexadecimal digits; the # of another "
      "address is written %23.");
  return FALSE;
}

VmtRtspAddress *
vmt_rtsp_address_new (const gchar *uri, GError **error)
{
  g_autoptr (VmtRtspAddress) self = g_new0 (VmtRtspAddress, 1);
  gsize size = 0, secret = 0;
  const gchar *authority = find_authority (uri, &size, &secret);

  if (authority) {
    self->name = g_strndup (authority + secret, size - secret);
    self->location = vmt_uri_to_show (uri);
  }
  if (authority && is_place (self->name)
      && take_secret (self, authority, secret))
    return take_fingerprint (self, error) ? g_steal_pointer (&self) : NULL;
  g_set_error_literal (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_SETTINGS,
      "The address of a camera is rtsp://USER:PASSWORD@HOST:PORT/PATH. In the "
      "user's name and in the password, write @ as %40, : as %3A, / as %2F and "
      "% as %25.");
  return NULL;
}

void
vmt_rtsp_address_free (VmtRtspAddress *self)
{
  g_free (self->location);
  g_free (self->user);
  g_free (self->password);
  g_free (self->name);
  g_free (self->fingerprint);
  g_free (self);
}
