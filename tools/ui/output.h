/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>
#include <stdio.h>

/* What the launcher says. Without --json: lines for people, on the standard
 * output, warnings and errors on the standard error; colours, the call timer
 * and the QR code only on a terminal. With --json: one object a line on the
 * standard output, flushed as written, and nothing else there. Used from the
 * main thread alone, but for vmt_output_event(), which any thread may call. */

typedef enum
{
  VMT_STYLE_PLAIN,
  VMT_STYLE_STRONG,
  VMT_STYLE_GOOD,
  VMT_STYLE_BAD,
  VMT_STYLE_FAINT,
} VmtStyle;

#define VMT_MARGIN 8 /* columns before what goes on in another line */
#define VMT_SAID_LINES_MAX 20 /* shown of one message */
#define VMT_OUTPUT_PATIENCE 1000 /* ms */

typedef struct _VmtOutput VmtOutput;

VmtOutput *vmt_output_new (FILE *out, FILE *err, gboolean json);
void vmt_output_free (VmtOutput *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmtOutput, vmt_output_free)

/* From now on nobody waits for who does not read: what is not taken in
 * VMT_OUTPUT_PATIENCE is lost, and what follows at once, until something is
 * read again; then how many lines are missing is told
 * ({"event":"lost","lines"}). Of a program that has to go on, and to end when
 * it is told to. */
void vmt_output_set_impatient (VmtOutput *self);
gboolean vmt_output_is_terminal (VmtOutput *self);
/* A terminal that knows escape sequences. */
gboolean vmt_output_moves_cursor (VmtOutput *self);
gboolean vmt_output_has_colour (VmtOutput *self);
/* A write to the standard output has failed: its reader has gone away, or the
 * disk is full. */
gboolean vmt_output_is_broken (VmtOutput *self);
/* Why: EPIPE, ENOSPC, …; 0: none has failed. */
gint vmt_output_get_errno (VmtOutput *self);

/* Takes @event; prints it with --json, drops it without. */
void vmt_output_event (VmtOutput *self, JsonObject *event);
/* The other way round. */
void vmt_output_line (VmtOutput *self, VmtStyle style, const gchar *format, ...)
    G_GNUC_PRINTF (3, 4);
/* What somebody says, in its lines and at most VMT_SAID_LINES_MAX of them;
 * @text may hold anything. Each line but the first stands behind a margin, as
 * nothing else does. */
void vmt_output_said (
    VmtOutput *self, VmtStyle style, const gchar *who, const gchar *text);
/* Both ways: as a sentence, or as {"event":"warning","code","message"}. */
void
vmt_output_warning (VmtOutput *self, const gchar *code, const gchar *message);
/* As a sentence always, and as {"event":"error",...} with --json. */
void
vmt_output_error (VmtOutput *self, const gchar *code, const gchar *message);
/* A last line that is written over; only on a terminal. NULL takes it away. */
void vmt_output_ticker (VmtOutput *self, const gchar *text);
/* What is being typed, at the end of that line. */
void vmt_output_prompt (VmtOutput *self, const gchar *text);
/* Likewise, with the cursor behind @cursor bytes of it. */
void vmt_output_edit (VmtOutput *self, const gchar *text, gsize cursor);

/* {"event": @name} */
JsonObject *vmt_event_new (const gchar *name);
/* A string that is NULL is left out. Of a file name that is not UTF-8 what is
 * not becomes U+FFFD. */
void vmt_event_add_string (
    JsonObject *event, const gchar *member, const gchar *value);
/* The members of @other that @event has not, in their order. */
void vmt_event_add_members (JsonObject *event, JsonObject *other);

/* @text, which may come from a peer, without what could steer a terminal or
 * pass unseen: control, bidirectional formatting and invisible characters
 * become U+FFFD. */
gchar *vmt_text_safe (const gchar *text);
/* @text, or its first @max characters and an ellipsis. */
gchar *vmt_text_cut (const gchar *text, glong max);
/* "1:02:03" or "02:03" */
gchar *vmt_text_time (gint64 seconds);
/* Appends @text, in lines of at most @columns, broken at blanks; @at: column
 * where it begins; @indent: where the other lines do. @split: words that are
 * longer than a line are broken, too. */
void vmt_text_wrap (GString *out, const gchar *text, glong at, glong indent,
    glong columns, gboolean split);
/* Of the terminal that is written to, or 80. */
gint vmt_output_get_columns (VmtOutput *self);
/* Of the terminal at @fd; 80 if it is none, or does not say. */
gint vmt_terminal_get_columns (gint fd);
