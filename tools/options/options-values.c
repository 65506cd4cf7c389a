/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* What the values of options may be. */

#include "options/options-priv.h"
#include "ui/output.h"
#include "options/options-table.h"
#include "options/smallfile.h"
#include "options/spelling.h"

#include <string.h>

#define LATENCY_MAX_MS 10000 /* as vmsignalbin's property has it */

/* RFC 6750 */
#define TOKEN_CHARACTERS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "-._~+/="

void
vmt_options_name_unknown (VmtCommand command, GError **error)
{
  g_autoptr (GArray) entries = NULL;
  g_autoptr (GPtrArray) names = g_ptr_array_new ();
  g_autofree gchar *given = NULL, *message = NULL;
  const gchar *last, *nearest;

  if (!error
      || !g_error_matches (
          *error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION))
    return;
  /* GLib's sentence ends with it */
  last = strrchr ((*error)->message, ' ');
  if (!last || last[1] != '-')
    return;
  given = g_strndup (last + 1, strcspn (last + 1, "="));
  entries = vmt_options_list (command);
  for (guint i = 0; i < entries->len; i++) {
    const GOptionEntry *entry = &g_array_index (entries, GOptionEntry, i);

    if (*entry->long_name && !(entry->flags & G_OPTION_FLAG_HIDDEN))
      g_ptr_array_add (names, (gpointer) entry->long_name);
  }
  g_ptr_array_add (names, NULL);
  nearest = vmt_spelling_nearest (
      given + strspn (given, "-"), (const gchar *const *) names->pdata);
  message = nearest ? g_strdup_printf (
                "There is no option %s. Did you mean --%s?", given, nearest)
                    : g_strdup_printf ("There is no option %s.", given);
  g_clear_error (error);
  g_set_error_literal (
      error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION, message);
}

gboolean
vmt_methods_parse (const gchar *text, VmMethods *methods, GError **error)
{
  g_auto (GStrv) names = g_strsplit_set (text, ",+", -1);

  *methods = VM_METHODS_NONE;
  if (*text == '\0') {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--methods takes mdns, udp and manual, separated by commas, or all.");
    return FALSE;
  }
  for (gchar **name = names; *name; name++) {
    g_strstrip (*name);
    if (g_str_equal (*name, "mdns"))
      *methods |= VM_METHODS_MDNS;
    else if (g_str_equal (*name, "udp"))
      *methods |= VM_METHODS_UDP;
    else if (g_str_equal (*name, "manual"))
      *methods |= VM_METHODS_MANUAL;
    else if (g_str_equal (*name, "all"))
      *methods |= VM_METHODS_ALL;
    else {
      g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
          "'%s' is no way of finding devices; --methods takes mdns, udp and "
          "manual, separated by commas, or all.",
          *name);
      return FALSE;
    }
  }
  return TRUE;
}

gboolean
vmt_parse_announce (const gchar *text, VmAnnounce *announce, GError **error)
{
  if (g_str_equal (text, "full"))
    *announce = VM_ANNOUNCE_FULL;
  else if (g_str_equal (text, "minimal"))
    *announce = VM_ANNOUNCE_MINIMAL;
  else if (g_str_equal (text, "off"))
    *announce = VM_ANNOUNCE_OFF;
  else {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--announce takes full, minimal or off, not '%s'.", text);
    return FALSE;
  }
  return TRUE;
}

gboolean
vmt_check_name (const gchar *option, const gchar *text, GError **error)
{
  const gchar *why = NULL;

  if (!text)
    return TRUE;
  if (*text == '\0')
    why = "is empty";
  else if (strlen (text) > VMT_NAME_MAX)
    why = "is longer than 128 bytes";
  else if (!g_utf8_validate (text, -1, NULL))
    why = "is not valid UTF-8";
  else
    for (const gchar *c = text; *c && !why; c = g_utf8_next_char (c))
      if (g_unichar_iscntrl (g_utf8_get_char (c)))
        why = "contains a control character";
  if (why)
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "The value of %s %s.", option, why);
  return why == NULL;
}

gboolean
vmt_options_take_token (VmtOptions *options, GError **error)
{
  g_autofree gchar *safe = vmt_text_safe (options->token_file);

  if (!options->token_file)
    return TRUE;
  options->token = vmt_small_file_read (
      options->token_file, VMT_TOKEN_FILE_MAX, NULL, error);
  if (!options->token || !vmt_small_file_is_secret (options->token_file, error))
    return FALSE;
  g_strstrip (options->token);
  if (strlen (options->token) > VMT_TOKEN_MAX) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "The token in %s has more than %d characters.", safe, VMT_TOKEN_MAX);
    return FALSE;
  }
  if (*options->token
      && !options->token[strspn (options->token, TOKEN_CHARACTERS)])
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "There is no token in %s: letters, digits and . - _ ~ + / = alone.",
      safe);
  return FALSE;
}

gboolean
vmt_check_pin (const gchar *pin, GError **error)
{
  gsize size = pin ? strlen (pin) : 0;

  if (!pin
      || (size >= VMT_PIN_MIN && size <= VMT_PIN_MAX
          && strspn (pin, "0123456789") == size))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "A PIN has %d to %d digits and nothing else.", VMT_PIN_MIN, VMT_PIN_MAX);
  return FALSE;
}

gboolean
vmt_check_numbers (const VmtOptions *options, gboolean port_given,
    gboolean duration_given, gboolean seats_given, GError **error)
{
  if (port_given && (options->port < 1 || options->port > 65535)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--port takes a number from 1 to 65535, not %d.", options->port);
    return FALSE;
  }
  if (duration_given
      && !(options->duration > 0 && options->duration <= VMT_DURATION_MAX)) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--duration takes a number of seconds above 0, at most 30 days.");
    return FALSE;
  }
  if (seats_given
      && (options->max_participants < VMT_PARTICIPANTS_MIN
          || options->max_participants > VMT_PARTICIPANTS_MAX)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--max-participants takes a number from %d to %d, not %d.",
        VMT_PARTICIPANTS_MIN, VMT_PARTICIPANTS_MAX, options->max_participants);
    return FALSE;
  }
  return TRUE;
}

const gchar *const vmt_audio_profile_words[] = { "voice", "music", NULL };
const gchar *const vmt_codec_words[] = { "vp8", "h264", "vp9", NULL };
const gchar *const vmt_dialect_words[] = { "native", "room", "socketio", "mesh",
  NULL };
const gchar *const vmt_path_words[] = { "host", "srflx", "relay", "cloud",
  NULL };
const gchar *const vmt_ice_policy_words[] = { "all", "relay", NULL };

gboolean
vmt_check_codec (const gchar *codec, GError **error)
{
  if (!codec || g_strv_contains (vmt_codec_words, codec))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--codec takes vp8, h264 or vp9, not '%s'.", codec);
  return FALSE;
}

gboolean
vmt_check_audio_profile (const gchar *profile, GError **error)
{
  if (!profile || g_strv_contains (vmt_audio_profile_words, profile))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--audio-profile takes voice or music, not '%s'.", profile);
  return FALSE;
}

gboolean
vmt_check_dialect (const gchar *dialect, GError **error)
{
  if (!dialect || g_strv_contains (vmt_dialect_words, dialect))
    return TRUE;
  g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
      "--dialect takes native, room, socketio or mesh, not '%s'.", dialect);
  return FALSE;
}

/* "host,srflx" */
static gboolean
names_paths (const gchar *list)
{
  g_auto (GStrv) names = g_strsplit (list, ",", -1);

  for (guint i = 0; names[i]; i++) {
    if (!g_strv_contains (vmt_path_words, g_strstrip (names[i])))
      return FALSE;
  }
  return names[0] != NULL;
}

gboolean
vmt_check_paths (const VmtOptions *options, GError **error)
{
  const gchar *policy = options->ice_transport_policy;

  if (policy && !g_strv_contains (vmt_ice_policy_words, policy)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--ice-transport-policy takes all or relay, not '%s'.", policy);
    return FALSE;
  }
  if (options->latency && !g_str_equal (options->latency, "auto")
      && !g_ascii_string_to_unsigned (
          options->latency, 10, 0, LATENCY_MAX_MS, NULL, NULL)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--latency takes auto, or milliseconds from 0 to 10000, not '%s'.",
        options->latency);
    return FALSE;
  }
  if (options->fallback && !names_paths (options->fallback)) {
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--fallback takes some of host, srflx, relay and cloud, separated by "
        "commas, not '%s'.",
        options->fallback);
    return FALSE;
  }
  return TRUE;
}

static gboolean
is_host (const gchar *host)
{
  g_autofree gchar *plain = g_strndup (host, strcspn (host, "%"));

  if (*host == '\0' || strpbrk (host, " \t\r\n/@?#"))
    return FALSE;
  return !strchr (host, ':') || g_hostname_is_ip_address (plain);
}

/* As the finder of the method manual reads one. */
static gboolean
is_peer (const gchar *text)
{
  g_autoptr (GSocketConnectable) address =
      strstr (text, "://") ? NULL : g_network_address_parse (text, 1, NULL);

  return address && g_network_address_get_port (G_NETWORK_ADDRESS (address))
         && is_host (
             g_network_address_get_hostname (G_NETWORK_ADDRESS (address)));
}

gboolean
vmt_check_peers (const gchar *text, GError **error)
{
  g_auto (GStrv) peers = g_strsplit (text ? text : "", ",", -1);

  for (gchar **peer = peers; *peer; peer++) {
    if (is_peer (g_strstrip (*peer)))
      continue;
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--peers takes addresses of devices, as 192.168.1.20 or "
        "ann-laptop.local:8080, separated by commas, not '%s'.",
        *peer);
    return FALSE;
  }
  return TRUE;
}

/* The server says what else is no origin; here what would be several. */
gboolean
vmt_check_origins (gchar **origins, GError **error)
{
  for (guint i = 0; origins && origins[i]; i++) {
    if (strstr (origins[i], "://") && !strchr (origins[i], ','))
      continue;
    g_set_error (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--origin takes the address of a site, as https://example.org, not "
        "'%s'.",
        origins[i]);
    return FALSE;
  }
  return TRUE;
}

/* The value is not repeated: it may have a password in it. A comma is what
 * vmsignalbin has between two. */
gboolean
vmt_check_servers (const VmtOptions *options, GError **error)
{
  if (options->stun && !g_str_has_prefix (options->stun, "stun://")) {
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--stun takes stun://HOST:PORT.");
    return FALSE;
  }
  for (guint i = 0; options->turn && options->turn[i]; i++) {
    const gchar *uri = options->turn[i];

    if ((g_str_has_prefix (uri, "turn://")
            || g_str_has_prefix (uri, "turns://"))
        && strchr (uri, '@') && !strchr (uri, ','))
      continue;
    g_set_error_literal (error, G_OPTION_ERROR, G_OPTION_ERROR_BAD_VALUE,
        "--turn takes turn://USER:PASSWORD@HOST:PORT, with %2C for a comma.");
    return FALSE;
  }
  return TRUE;
}

gchar *
vmt_options_describe_reach (const VmtOptions *options)
{
  gboolean turn = options->turn && options->turn[0];
  const gchar *place = options->stun ? options->stun + strlen ("stun://") : "";
  g_autofree gchar *stun = vmt_text_safe (place);

  if (options->stun && turn)
    return g_strdup_printf (
        "The STUN server %s and TURN servers are asked for ways beyond this "
        "network, and learn the addresses of those who join.",
        stun);
  if (options->stun)
    return g_strdup_printf (
        "The STUN server %s is asked for ways beyond this network, and learns "
        "the addresses of those who join.",
        stun);
  return g_strdup (
      turn ? "TURN servers are asked for ways beyond this network, and learn "
             "the addresses of those who join."
           : "No server on the Internet is asked: one network needs none. "
             "--stun and --turn name those that lead beyond it.");
}
