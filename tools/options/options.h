/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/videomeet/videomeet.h>

typedef enum
{
  VMT_COMMAND_DISCOVER,
  VMT_COMMAND_HOST,
  VMT_COMMAND_JOIN,
  VMT_COMMAND_CALL,
  VMT_COMMAND_ANSWER,
  VMT_COMMAND_STATUS,
  VMT_COMMAND_KNOWN,
  VMT_COMMAND_FORGET,
  VMT_COMMAND_TRUST,
  VMT_COMMAND_SEND,
  VMT_COMMAND_RECEIVE,
  VMT_COMMAND_AGENT,
  VMT_COMMAND_SYNC,
  VMT_COMMAND_TERM,
  VMT_COMMAND_SERVER,
  VMT_COMMAND_DOCTOR,
  VMT_COMMAND_CERT,
  VMT_COMMAND_DEVICES,
  VMT_N_COMMANDS
} VmtCommand;

typedef enum
{
  VMT_TRUST_REQUEST,
  VMT_TRUST_LIST,
  VMT_TRUST_SHOW,
  VMT_TRUST_REVOKE,
  VMT_TRUST_EXPORT,
  VMT_TRUST_IMPORT,
  VMT_TRUST_N_ACTIONS
} VmtTrustAction;

#define VMT_EVERYBODY "everybody" /* of send --meeting */
/* bytes of user, device, meeting; security.md#limits */
#define VMT_NAME_MAX 128
#define VMT_PIN_MIN 6 /* digits; security.md#pin */
#define VMT_PIN_MAX 32
/* Characters of a token for a server, as many as a server reads; its file may
 * have blanks besides. */
#define VMT_TOKEN_MAX 4096
#define VMT_TOKEN_FILE_MAX (2 * VMT_TOKEN_MAX)
#define VMT_SECRET_FILE_MAX 4096 /* bytes */
#define VMT_PARTICIPANTS_MIN 2
#define VMT_PARTICIPANTS_MAX 128 /* as VmMeeting:max-participants */
#define VMT_DRAIN 5.0 /* seconds in which a server that ends admits nobody */
#define VMT_DRAIN_MAX 600.0
/* seconds, as VmRoomServer:turn-lifetime */
#define VMT_TURN_LIFETIME_MIN 60
#define VMT_TURN_LIFETIME_MAX (7 * 24 * 60 * 60)
#define VMT_DURATION_MAX (30 * 24 * 3600.0) /* seconds */

/* What was asked for on the command line. Strings are NULL, numbers 0 and
 * flags FALSE where nothing was said. */
typedef struct
{
  /* NAME|URI of join, USER of call, ADDR of status, DEVICE of forget, DEVICE or
   * FILE of trust, DEVICE[,DEVICE]… of send, or a participant with --meeting,
   * DIR of receive */
  gchar *target;
  VmtTrustAction trust;

  gboolean json;
  gboolean verbose; /* paths and devices are told as well */
  gdouble duration; /* seconds from the start of the program */

  gchar *user, *device, *device_name;
  gint port;
  gboolean announce_set;
  VmAnnounce announce;
  gboolean methods_set;
  VmMethods methods;
  gchar *interfaces, *peers;
  gboolean insecure;
  gboolean no_rejoin;
  gboolean policy_set;
  VmCloudTrust cloud_trust;
  VmPolicy policy;
  gboolean approve_set;
  VmApprove approve;
  gboolean permissions_set;
  VmPermissions permissions;

  gchar *meeting, *pin, *host_key;
  gchar *pin_file, *turn_file;
  gchar *api_secret_file, *api_secret; /* of Janus */
  gchar *cloud; /* room of Janus to be the bridge to; or NULL */
  gchar *cloud_pin_file, *cloud_pin;
  gboolean make_room, bridge;
  gchar *token_file, *token; /* what it has, for the server that is joined */
  /* WebSocket of call and answer, or the server of agent, sync and send; NULL:
   * another command */
  gchar *server;
  gchar *room; /* at that server */
  gchar *share_dir; /* of agent; or NULL */
  gchar **allow; /* NAME=CAPS */
  gchar *stun_address;
  gchar *their_folder; /* FOLDER of sync; NULL: another command */
  gboolean watch, dry_run, delete_many;
  gboolean allow_delete;
  /* of term share, and of agent; NULL: none */
  gchar **argv;
  gchar *term; /* of agent: @argv as it was typed */
  gboolean control; /* of term view */
  gchar *dialect; /* "native", "room", "socketio" or "mesh" */
  gchar **origins; /* whose pages are admitted */
  gchar *tls_cert, *tls_key; /* files */
  gboolean no_local_cert; /* not that of cert */
  gboolean local_cert; /* tls_cert is that one */
  gboolean yes, remove, print; /* of cert */
  gint max_participants;
  gboolean audio_only;

  gboolean browser; /* the user hosts in the page */
  gchar *source; /* "camera" where nothing was said */
  /* names, or "none"; size and region as they are written */
  gchar *camera, *microphone, *speaker, *size, *region;
  gboolean screen_sound;
  gchar *codec; /* "vp8", "h264" or "vp9" */
  gchar *audio_profile; /* "voice" or "music" */
  gboolean no_dsp, push_to_talk;
  gchar *stun; /* URI */
  gchar *ice_transport_policy; /* "all" or "relay" */
  gboolean relay_only; /* its former word of a server */
  gchar *latency; /* "auto", or milliseconds */
  gchar *fallback; /* "host,srflx" */
  gchar **turn; /* URIs */
  gchar *record;
  gboolean view, no_view, no_play;
  gboolean view_told; /* by the file, either way */
  gboolean may_ask_view; /* nothing says whether to */

  gchar **files; /* that are sent */
  gchar *files_dir; /* where those of a meeting go; NULL: none are received */
  guint64 max_bitrate; /* bits/s; 0: any */
  guint max_active; /* files */
  gchar **priorities; /* PATTERN=N */
  VmAccept accept;
  VmOverwrite overwrite;
  guint64 max_size, quota; /* bytes; 0: no limit */

  gchar *config; /* file */
  /* of the command line and that file together; and what is left to read */
  gchar **arguments, **left;
  gchar **defaults; /* the options whose value is that of the file */
  gboolean loopback;
  gchar **names, **proxies; /* of server */
  gint room_size, max_per_address; /* 0: the default */
  gchar *turn_secret, *state;
  gint turn_lifetime; /* s; 0: the default */
  gchar *cluster, *cluster_credentials, *cluster_ca;
  gchar *gotify_url, *gotify_key_file;
  gchar *sfu, *sfu_secret_file;
  gint mesh_max, mesh_return; /* 0: the default */
  gchar *auth; /* file */
  gboolean auth_any_room, no_moderator;
  gdouble drain; /* seconds */
} VmtOptions;

void vmt_options_clear (VmtOptions *options);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmtOptions, vmt_options_clear)

const gchar *vmt_command_to_string (VmtCommand command);
gboolean vmt_command_from_string (const gchar *text, VmtCommand *command);
const gchar *vmt_command_summary (VmtCommand command);

/* Whether it is call or answer. */
gboolean vmt_command_is_call (VmtCommand command);

/* The known command that @text was probably meant to be, or NULL. */
const gchar *vmt_command_suggest (const gchar *text);

/* Writes over the PINs and passwords in @argv, which is that of main(): others
 * have seen them by then, and see them no longer. */
void vmt_secrets_hide (gchar **argv);
/* Reads @argv (its first string is the command's name), which ends up holding
 * nothing but that name. @options must be all zero. Errors are sentences for
 * the user. `--help` prints and exits. */
gboolean vmt_options_parse (VmtOptions *options, VmtCommand command, gint *argc,
    gchar ***argv, GError **error);

/* Which servers elsewhere are asked for a way to the others, and what they
 * learn: sentences for the user, without passwords. Transfer full. */
gchar *vmt_options_describe_reach (const VmtOptions *options);

/* "mdns,udp" */
gboolean
vmt_methods_parse (const gchar *text, VmMethods *methods, GError **error);
