/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gst/check/gstcheck.h>

/* An executable holds the test programs of one folder that share fixtures, and
 * runs the one that its first argument names: most of the time that a program
 * of its own costs is its link. */
typedef struct _CheckProgram CheckProgram;

struct _CheckProgram
{
  const gchar *file; /* its name without folder and ".c" is the program's */
  Suite *(*suite) (void);
  CheckProgram *next;
};

/* Called before main(), by CHECK_PROGRAM(). */
void check_program_register (CheckProgram *program);

/* In place of GST_CHECK_MAIN(): the file is a program whose suite
 * name##_suite() makes. */
#define CHECK_PROGRAM(name)                                         \
  static void __attribute__ ((constructor)) name##_register (void)  \
  {                                                                 \
    static CheckProgram program = { __FILE__, name##_suite, NULL }; \
    check_program_register (&program);                              \
  }
