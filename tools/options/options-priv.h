/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "options/options.h"

/* Shared by options.c (the command line), options-commands.c (the commands) and
 * options-values.c (the values). Errors are sentences for the user. */

typedef struct
{
  const gchar *name;
  const gchar *parameters; /* of the usage line, or NULL */
  const gchar *summary;
  const gchar *text;
  const gchar *missing; /* said when its parameter is not there */
} VmtCommandText;

extern const VmtCommandText vmt_commands[VMT_N_COMMANDS];

/* @entries end with a NULL one. What their texts are lives forever. */
void vmt_add_entries (GArray *all, const GOptionEntry *entries);
gboolean
vmt_parse_announce (const gchar *text, VmAnnounce *announce, GError **error);
gboolean
vmt_check_name (const gchar *option, const gchar *text, GError **error);
gboolean vmt_check_pin (const gchar *pin, GError **error);
/* Of an option that @command does not have: which one may have been meant. */
void vmt_options_name_unknown (VmtCommand command, GError **error);

/* Names the host that may be shown the PIN. */
#define VMT_HOST_KEY_ENTRY(o)                                              \
  {                                                                        \
    "host-key", 0, 0, G_OPTION_ARG_STRING, &(o)->host_key,                 \
        "Send the PIN to the unknown host with this device id, which the " \
        "host shows on its screen (default: ask)",                         \
        "ID"                                                               \
  }
/* What a server is shown that admits those alone who have a token. */
#define VMT_TOKEN_ENTRY(o)                                       \
  {                                                              \
    "token-file", 0, 0, G_OPTION_ARG_FILENAME, &(o)->token_file, \
        "Authenticate with the token in FILE", "FILE"            \
  }
#define VMT_PIN_FILE_ENTRY(o)                                            \
  {                                                                      \
    "pin-file", 0, 0, G_OPTION_ARG_FILENAME, &(o)->pin_file,             \
        "Read the PIN from FILE, which others must not be able to read", \
        "FILE"                                                           \
  }
/* Of host and server. */
#define VMT_NO_LOCAL_CERT_ENTRY(o)                                         \
  {                                                                        \
    "no-local-cert", 0, 0, G_OPTION_ARG_NONE, &(o)->no_local_cert,         \
        "Do not show the certificate that 'videomeet cert' has made", NULL \
  }
#define VMT_TURN_FILE_ENTRY(o)                                              \
  {                                                                         \
    "turn-file", 0, 0, G_OPTION_ARG_FILENAME, &(o)->turn_file,              \
        "Read the URIs of --turn from FILE, one a line, which others must " \
        "not be able to read",                                              \
        "FILE"                                                              \
  }
/* Reads --pin-file and --turn-file, and the environment where neither these
 * nor --pin, --turn and --turn-secret are given. */
gboolean
vmt_secrets_take (VmtOptions *options, VmtCommand command, GError **error);
/* Reads it. */
gboolean vmt_options_take_token (VmtOptions *options, GError **error);
/* Of those that were given. */
gboolean vmt_check_numbers (const VmtOptions *options, gboolean port_given,
    gboolean duration_given, gboolean seats_given, GError **error);
/* The words that these options take. */
extern const gchar *const vmt_audio_profile_words[];
extern const gchar *const vmt_codec_words[];
extern const gchar *const vmt_dialect_words[];
extern const gchar *const vmt_path_words[];
extern const gchar *const vmt_ice_policy_words[];
gboolean vmt_check_codec (const gchar *codec, GError **error);
gboolean vmt_check_audio_profile (const gchar *profile, GError **error);
gboolean vmt_check_paths (const VmtOptions *options, GError **error);
gboolean vmt_check_dialect (const gchar *dialect, GError **error);
/* @text: or NULL. */
gboolean vmt_check_peers (const gchar *text, GError **error);
gboolean vmt_check_origins (gchar **origins, GError **error);
gboolean vmt_check_servers (const VmtOptions *options, GError **error);
