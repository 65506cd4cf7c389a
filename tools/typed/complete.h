/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What Tab makes of a line that is typed during a meeting. */

#define VMT_COMPLETE_FILES_MAX 4096 /* names of a folder that are read */
#define VMT_COMPLETE_SHOWN_MAX 50 /* of what may be meant */

/* How people are called where lines are typed (vmt_roster_list_callable());
 * each may be NULL. */
typedef struct
{
  const GPtrArray *here;
  const GPtrArray *removed; /* for /unban */
  const GPtrArray *changed; /* for /trust */
} VmtCompleteNames;

/* What is to stand in place of @before, the line up to the cursor; NULL: the
 * same. *@choices: what may be meant, where that is
 * several and Tab adds nothing; else NULL. All of it is safe to show, and is
 * quoted where it has blanks. Transfer full. */
gchar *vmt_complete (
    const gchar *before, const VmtCompleteNames *names, GPtrArray **choices);
