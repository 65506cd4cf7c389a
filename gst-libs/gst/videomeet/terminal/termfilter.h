/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Makes any bytes into what a terminal may be shown: valid UTF-8 with allowed
 * control sequences only (protocol/agents.md#terminal-filter). Streaming: a
 * character or a sequence may come in any number of pieces. Sans-I/O.
 *
 * What passes: text; BEL BS TAB LF VT FF CR SO SI; ESC sequences that designate
 * a character set, save or restore the cursor, index, reset, or set the keypad;
 * CSI sequences of an allowlist. What does not: OSC, DCS, APC, PM, SOS, C1, and
 * all that a terminal answers, prints, or tells its window. Ill-formed UTF-8
 * becomes U+FFFD. Of the characters that combine with one before them,
 * VM_TERM_COMBINING_MAX pass: with more, libvterm 0.1 reads beyond a cell.
 * REP is written out: in libvterm that of a wide character writes beyond a row.
 */

#define VM_TERM_CSI_MAX \
  64 /* bytes of a CSI sequence; longer ones are dropped */
#define VM_TERM_CSI_ARGS_MAX                       \
  16 /* numbers in it; those with more are dropped \
      */
#define VM_TERM_CSI_NUMBER_MAX                   \
  65535 /* each; those with a larger are dropped \
         */
#define VM_TERM_COMBINING_MAX 4 /* characters */
#define VM_TERM_REPEAT_MAX 500 /* times that REP repeats one; more are cut */
/* Bytes of a string (OSC, DCS, ...) that are skipped; then it counts as over,
 * so that a string without an end does not hide all that follows. */
#define VM_TERM_STRING_MAX (64 * 1024)

typedef enum
{
  /* for a viewer */
  VM_TERM_FILTER_SHOW,
  /* of a command, for the libvterm that answers it: queries pass too */
  VM_TERM_FILTER_COMMAND,
} VmTermFilterKind;

typedef struct _VmTermFilter VmTermFilter;

VmTermFilter *vm_term_filter_new (VmTermFilterKind kind);
void vm_term_filter_free (VmTermFilter *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermFilter, vm_term_filter_free)

/* Appends to @out what passes of @data. */
void vm_term_filter_feed (
    VmTermFilter *self, const guint8 *data, gsize size, GString *out);
/* The stream begins anew: what is half read is forgotten. */
void vm_term_filter_reset (VmTermFilter *self);
/* Whether a terminal may put it onto the character before. */
gboolean vm_term_combines (gunichar c);
/* The number of bytes at the front of @data, at most @max, that may be cut off
 * without dividing a character. */
gsize vm_term_cut (const gchar *data, gsize size, gsize max);
