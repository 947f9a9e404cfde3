/* SPDX-License-Identifier: MIT */
/* One function a verb: argv[0] is its name. Returns an enum slu_exit. */
#ifndef SLU_TOOLS_VERBS_H
#define SLU_TOOLS_VERBS_H

int slu_verb_doctor(int argc, char **argv);
int slu_verb_probe(int argc, char **argv);
int slu_verb_push(int argc, char **argv);
int slu_verb_pull(int argc, char **argv);
int slu_verb_serve(int argc, char **argv);

#endif
