/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "terminal/termmessage.h"

/* A terminal's screen, held by libvterm. One thread at a time. */

/* What a program has asked a terminal for. */
typedef struct
{
  gboolean alternate; /* the alternate screen is shown */
  gboolean cursor_visible;
  gboolean cursor_blinks;
  gint cursor_shape; /* 1: block, 2: underline, 3: bar */
  gboolean application_cursor; /* keys */
  gboolean application_keypad;
  gboolean bracketed_paste;
  gint mouse; /* 0: none, else the DEC mode: 1000, 1002 or 1003 */
  gboolean mouse_sgr; /* coordinates as DEC mode 1006 has them */
} VmTermModes;

/* One place. A wide character has a place of width 2, and behind it one of
 * width 0. Zeros fill what is not used: places are equal if their bytes are. */
#define VM_TERM_CELL_CHARS 6
typedef struct
{
  gunichar chars[VM_TERM_CELL_CHARS]; /* the rest 0; an empty place has ' ' */
  guint32 fg, bg; /* 0: the default; VM_TERM_COLOR_... */
  guint16 attrs; /* VM_TERM_ATTR_... */
  guint8 width; /* 0, 1, 2 */
  guint8 zero;
} VmTermCell;

#define VM_TERM_COLOR_INDEX 0x01000000u /* | 0 to 255 */
#define VM_TERM_COLOR_RGB 0x02000000u /* | red << 16 | green << 8 | blue */

enum
{
  VM_TERM_ATTR_BOLD = 1 << 0,
  VM_TERM_ATTR_ITALIC = 1 << 1,
  VM_TERM_ATTR_BLINK = 1 << 2,
  VM_TERM_ATTR_REVERSE = 1 << 3,
  VM_TERM_ATTR_STRIKE = 1 << 4,
  VM_TERM_ATTR_CONCEAL = 1 << 5, /* libvterm 0.3 and later */
  VM_TERM_ATTR_UNDERLINE_SHIFT = 6, /* 2 bits: none, single, double, curly */
};

/* A copy of what a screen shows. */
typedef struct
{
  VmTermSize size;
  guint cursor_col, cursor_row; /* from 0 */
  VmTermModes modes;
  VmTermCell *cells; /* rows * cols */
} VmTermPicture;

VmTermPicture *vm_term_picture_new (const VmTermSize *size);
VmTermPicture *vm_term_picture_copy (const VmTermPicture *picture);
void vm_term_picture_free (VmTermPicture *picture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermPicture, vm_term_picture_free)
VmTermCell *
vm_term_picture_cell (const VmTermPicture *picture, guint col, guint row);
/* Size, places, cursor and modes. */
gboolean vm_term_picture_equal (const VmTermPicture *a, const VmTermPicture *b);

/* The sequences that set the colours and attributes of @cell. */
void vm_term_pen_append (const VmTermCell *cell, GString *out);
/* Sequences that make a terminal that shows @old show @new. @old: NULL, or of
 * another size or another screen (alternate or not): the terminal is of @new's
 * size and in any state, and all is painted. Empty when nothing differs. Valid
 * UTF-8 that passes VM_TERM_FILTER_SHOW. */
void vm_term_picture_paint (
    const VmTermPicture *old, const VmTermPicture *new, GString *out);

typedef struct _VmTermScreen VmTermScreen;

/* Answers that a terminal gives to queries of the program in it. */
typedef void (*VmTermAnswerFunc) (
    const gchar *data, gsize size, gpointer user_data);

/* FALSE: built without libvterm (meson option `term`): the functions below give
 * NULL. */
gboolean vm_term_is_supported (void);

/* @size must be valid. */
VmTermScreen *vm_term_screen_new (const VmTermSize *size);
void vm_term_screen_free (VmTermScreen *self);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (VmTermScreen, vm_term_screen_free)
/* Called from within vm_term_screen_feed(). Without, queries are not answered.
 */
void vm_term_screen_set_answer_func (
    VmTermScreen *self, VmTermAnswerFunc func, gpointer user_data);

/* @data has passed a VmTermFilter: there are bytes with which libvterm 0.1
 * reads and writes beyond its memory. */
void vm_term_screen_feed (VmTermScreen *self, const gchar *data, gsize size);
/* @size must be valid. */
void vm_term_screen_resize (VmTermScreen *self, const VmTermSize *size);
void vm_term_screen_get_size (VmTermScreen *self, VmTermSize *size);
/* What is shown now; until the next call of any of these functions.
 * Returns: (transfer none) */
const VmTermPicture *vm_term_screen_look (VmTermScreen *self);
/* How often it has rung since the last call. */
guint vm_term_screen_take_bells (VmTermScreen *self);
gboolean vm_term_screen_equal (VmTermScreen *a, VmTermScreen *b);
/* Paints the whole screen on any terminal of its size, with its modes; without
 * scrollback. Returns: (transfer full) */
GBytes *vm_term_screen_snapshot (VmTermScreen *self);
