/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What is typed during a meeting. A line is chat; one that begins with a slash
 * asks for something, and one with two is chat that begins with one. */

typedef enum
{
  VMT_TYPED_NOTHING,
  VMT_TYPED_CHAT,
  VMT_TYPED_MSG, /* who, text */
  VMT_TYPED_MUTE, /* who or NULL: oneself */
  VMT_TYPED_UNMUTE,
  VMT_TYPED_TALK,
  VMT_TYPED_CAMERA, /* text: a name, or empty: all are shown */
  VMT_TYPED_MICROPHONE,
  VMT_TYPED_SPEAKER,
  VMT_TYPED_SOURCE, /* text: what is sent, or empty; region or NULL, sound */
  VMT_TYPED_SHARE, /* likewise: empty: the screen; "off" */
  VMT_TYPED_HAND,
  VMT_TYPED_REACT, /* text: the sign */
  VMT_TYPED_STATUS, /* text */
  VMT_TYPED_WHO,
  VMT_TYPED_STATS,
  VMT_TYPED_KICK, /* who */
  VMT_TYPED_UNBAN, /* who */
  VMT_TYPED_LOCK,
  VMT_TYPED_UNLOCK,
  VMT_TYPED_INVITE, /* seconds */
  VMT_TYPED_PAGE,
  VMT_TYPED_FORGET, /* text: a device that was met before */
  VMT_TYPED_COMPARE, /* who */
  VMT_TYPED_TRUST, /* text: who has another key; empty: oneself */
  VMT_TYPED_APPROVE,
  VMT_TYPED_DENY,
  VMT_TYPED_SEND, /* text: the file; who or NULL: everybody */
  VMT_TYPED_FILES,
  VMT_TYPED_ACCEPT, /* number; 0: the one that was offered first */
  VMT_TYPED_DECLINE,
  VMT_TYPED_CANCEL, /* number */
  VMT_TYPED_PAUSE,
  VMT_TYPED_RESUME,
  VMT_TYPED_PIN, /* text: the PIN, or empty */
  VMT_TYPED_LEAVE,
  VMT_TYPED_END,
  VMT_TYPED_HELP,
} VmtTypedVerb;

typedef struct
{
  VmtTypedVerb verb;
  gchar *who;
  gchar *text;
  gchar *region; /* of a screen */
  gboolean sound; /* that of the screen too */
  gboolean audio, video; /* of mute and unmute */
  guint seconds; /* of an invitation; 0: as ever */
  guint number; /* of a file, as in /files */
} VmtTyped;

#define VMT_INVITATION_MAX (24 * 3600) /* s */
#define VMT_CHAT_MAX 4096 /* bytes of a message (protocol/meeting.md#chat) */
#define VMT_TYPED_NUMBER_MAX 999999999 /* of a file */

void vmt_typed_clear (VmtTyped *typed);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (VmtTyped, vmt_typed_clear)

/* Errors are sentences for the user. */
gboolean vmt_typed_parse (VmtTyped *typed, const gchar *line, GError **error);
/* A line each: what can be typed. */
const gchar *const *vmt_typed_help (void);
/* The names of the commands, without their slash. */
const gchar *const *vmt_typed_commands (void);

/* What a word of a command may be. */
typedef enum
{
  VMT_TYPED_PART_NONE = 0,
  VMT_TYPED_PART_WHO = 1 << 0, /* a participant */
  VMT_TYPED_PART_REMOVED = 1 << 1, /* one who was removed */
  VMT_TYPED_PART_KIND = 1 << 2, /* audio or video */
  VMT_TYPED_PART_FILE = 1 << 3,
  VMT_TYPED_PART_SOURCE = 1 << 4, /* camera, screen, …; or the option of one */
  VMT_TYPED_PART_SHARED = 1 << 5, /* likewise, without a camera; off */
  VMT_TYPED_PART_SCREEN = 1 << 6, /* those options of a screen alone */
  VMT_TYPED_PART_CHANGED = 1 << 7, /* one who has another key */
} VmtTypedParts;

/* @nth: the word behind the name of @command is 1. */
VmtTypedParts vmt_typed_get_parts (const gchar *command, guint nth);

/* A program in the background must not read from the terminal: it looks now and
 * then whether it has come to the front. */
#define VMT_BACKGROUND_MS 1000
gboolean vmt_typed_is_in_background (void);

/* Keys of a terminal that does not edit lines itself: what is typed stays below
 * what is said meanwhile. */
typedef struct
{
  GString *line; /* so far; NULL before the first key */
  guint escape; /* within the sequence of a key that is no character */
  gboolean too_long; /* there was more than VMT_TYPED_LINE_MAX */
} VmtKeys;

/* @bytes as the terminal sends them; @func gets each line that is entered, NULL
 * for one that is longer than VMT_TYPED_LINE_MAX. */
void vmt_keys_take (VmtKeys *keys, const gchar *bytes, gsize size,
    void (*func) (const gchar *line, gpointer user_data), gpointer user_data);
/* @text as if it were typed; it has no newline. */
void vmt_keys_insert (VmtKeys *keys, const gchar *text);
void vmt_keys_clear (VmtKeys *keys);

/* What is said goes out at a rate at which the others still take it: a burst,
 * and then one message after another. They drop what is beyond 50, and 10 a
 * second (protocol/meeting.md#chat). */
#define VMT_PACE_BURST 25 /* messages */
#define VMT_PACE_MS 125 /* a message */

typedef struct
{
  gint64 full_us; /* when VMT_PACE_BURST may go out again */
} VmtPace;

/* Whether one may go out at @now_us. */
gboolean vmt_pace_take (VmtPace *pace, gint64 now_us);

/* Lines come out of bytes. */
#define VMT_TYPED_LINE_MAX (8 * 1024)

typedef struct
{
  GString *line;
  gboolean skipping; /* the rest of a line that is too long */
} VmtLines;

typedef void (*VmtLineFunc) (const gchar *line, gpointer user_data);

/* @func gets each whole line, without its end, as valid UTF-8; NULL for one
 * that is longer than VMT_TYPED_LINE_MAX. */
void vmt_lines_take (VmtLines *lines, const gchar *bytes, gsize size,
    VmtLineFunc func, gpointer user_data);
/* The same with what can be read from @fd now. FALSE: it was the end, as of
 * vmt_lines_end(). */
gboolean
vmt_lines_read (VmtLines *lines, gint fd, VmtLineFunc func, gpointer user_data);
/* The end: what has no newline is a line as well. */
void vmt_lines_end (VmtLines *lines, VmtLineFunc func, gpointer user_data);
