/* SPDX-License-Identifier: LGPL-2.1-or-later */

/* The library without libvterm (meson option `term`): no screen and no share
 * can be made, so nothing else of them is ever called. */

#include "terminal/termshare.h"

gboolean
vm_term_is_supported (void)
{
  return FALSE;
}

VmTermScreen *
vm_term_screen_new (const VmTermSize *size)
{
  return NULL;
}

void
vm_term_screen_free (VmTermScreen *self)
{
}

void
vm_term_screen_set_answer_func (
    VmTermScreen *self, VmTermAnswerFunc func, gpointer user_data)
{
}

void
vm_term_screen_feed (VmTermScreen *self, const gchar *data, gsize size)
{
}

void
vm_term_screen_resize (VmTermScreen *self, const VmTermSize *size)
{
}

void
vm_term_screen_get_size (VmTermScreen *self, VmTermSize *size)
{
  *size = (VmTermSize){ 1, 1 };
}

const VmTermPicture *
vm_term_screen_look (VmTermScreen *self)
{
  return NULL;
}

guint
vm_term_screen_take_bells (VmTermScreen *self)
{
  return 0;
}

gboolean
vm_term_screen_equal (VmTermScreen *a, VmTermScreen *b)
{
  return TRUE;
}

GBytes *
vm_term_screen_snapshot (VmTermScreen *self)
{
  return NULL;
}
