// What a browser adds to the hosted pages. All works without it.
(() => {
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const latin = text => text.replace(/[٠-٩۰-۹]/g, c => c.charCodeAt(0) & 15);
  const digits = text => latin(text).replace(/\D/g, "");
  const zero = document.body.dataset.zero.charCodeAt(0);
  const local = text => text.replace(/\d/g, digit => String.fromCharCode(zero + +digit));

  // No secret stays in the address, and whoever comes back to the answer of a form asks for the page instead of sending the form again.
  history.replaceState(null, "", one(".languages a").pathname);
  one("#alarm")?.focus();

  // Numbers are grouped while they are typed.
  const card = ["number", "expiry", "cvv", "holder"].map(name => one("#card_" + name));
  const [number, expiry, cvv] = card;
  const amex = () => /^3[47]/.test(digits(number.value));
  const rewrite = (input, write) => input?.addEventListener("input", event => {
    const count = digits(input.value.slice(0, input.selectionStart)).length;
    let place = input.selectionStart === input.value.length ? 99 : 0;
    input.value = write(digits(input.value), /^delete/.test(event.inputType), latin(input.value));
    while (place < input.value.length && digits(input.value.slice(0, place)).length < count) place++;
    input.setSelectionRange(place, place);
  });
  rewrite(number, text => amex() ? text.slice(0, 15).replace(/^(.{4})(.{1,6})/, "$1 $2 ").trim() : text.slice(0, 19).replace(/.{4}(?=.)/g, "$& "));
  rewrite(expiry, (text, less, typed) => {
    if (text > "1~" || !less && /^[1-9]\D/.test(typed)) text = "0" + text;
    if (text.length > 4) text = text.slice(0, 2) + text.slice(-2);
    return text.length > 2 || text.length > 1 && !less ? text.slice(0, 2) + " / " + text.slice(2) : text;
  });
  rewrite(cvv, text => text.slice(0, 4));

  const luhn = text => [...text].reverse().reduce((sum, digit, place) => sum + +(place % 2 ? "0246813579"[digit] : digit), 0) % 10 < 1;
  const checks = {
    email: input => !input.value.trim() ? "missing" : !(input.validity.valid && /@.+\..+/.test(input.value)) && "wrong",
    phone: input => !input.value.trim() ? "missing" : !/^\d{8,15}$/.test(digits(input.value)) && "wrong",
    card_number: input => !(/^\d{12,19}$/.test(digits(input.value)) && luhn(digits(input.value))) && "wrong",
    card_expiry: input => {
      const [, month, year] = /^(0[1-9]|1[0-2])(\d\d)$/.exec(digits(input.value)) || [];
      return !year ? "wrong" : "20" + year + month < input.dataset.now && "over";
    },
    card_cvv: input => digits(input.value).length !== (amex() ? 4 : 3) && "wrong",
    card_holder: input => !input.value.trim() && "wrong",
  };
  const form = one("[data-pay]");
  const fields = form ? all("input", form).filter(input => checks[input.id]) : [];
  const check = input => {
    const problem = checks[input.id](input), line = one("#" + input.id + "-wrong");
    line.hidden = !problem;
    line.textContent = problem ? input.dataset[problem] : "";
    problem ? input.setAttribute("aria-invalid", "true") : input.removeAttribute("aria-invalid");
    return problem;
  };
  const byCard = () => form.elements.gateway.value === "CREDIT_CARD";
  if (form) form.noValidate = true;
  for (const input of fields) {
    input.addEventListener("change", () => input.value && check(input));
    input.addEventListener("input", () => input.ariaInvalid && !checks[input.id](input) && check(input));
  }

  // What is typed stays when a promo code is put on or taken off; number and security code of a card do not go along.
  for (const along of all("[data-along]")) along.addEventListener("formdata", ({ formData }) => {
    for (const [name, value] of new FormData(form)) if (/^(gateway|email|phone|card_expiry|card_holder)$/.test(name)) formData.set(name, value);
  });

  // One click, one request. If no answer comes (a slow line, a load that was stopped) the form can be sent again: it is the same attempt.
  for (const once of all("[data-once]")) once.addEventListener("submit", event => {
    const asked = once === form ? fields.filter(input => byCard() || !card.includes(input)) : [];
    const [wrong] = asked.filter(check);
    if (wrong || once.dataset.sent) {
      event.preventDefault();
      return wrong?.focus();
    }
    once.dataset.sent = 1;
    // A wallet needs no card, so none is sent.
    const unasked = once === form ? fields.filter(input => !asked.includes(input)) : [];
    const button = event.submitter, say = button?.dataset.busy && one(".say", button), words = say ? [...say.childNodes] : [];
    const lock = sent => {
      for (const input of unasked) input.disabled = sent;
      button?.classList.toggle("busy", sent);
      button?.setAttribute("aria-disabled", sent);
    };
    lock(true);
    if (say) say.textContent = button.dataset.busy;
    setTimeout(() => {
      delete once.dataset.sent;
      lock(false);
      if (say) say.replaceChildren(...words);
    }, 30000);
  });
  one(".cancel a")?.addEventListener("click", event => form.dataset.sent && event.preventDefault());
  // Nothing is sent again.
  const anew = () => location.replace(location.pathname);
  addEventListener("pageshow", event => event.persisted && anew());

  const left = one("[data-left]");
  if (+left?.dataset.left) {
    const end = Date.now() + left.dataset.left * 1000, timer = one("[role=timer]", left);
    let next;
    const tick = () => {
      clearTimeout(next);
      const seconds = Math.max(0, Math.round((end - Date.now()) / 1000));
      const two = number => String(number | 0).padStart(2, "0");
      left.hidden = seconds >= 3600;
      timer.textContent = local(two(seconds / 60) + ":" + two(seconds % 60));
      for (const line of all("[data-at]")) line.hidden = seconds > line.dataset.at || seconds < line.dataset.at - 20;
      if (seconds) return next = setTimeout(tick, 1000);
      left.textContent = left.dataset.over;
      if (!form.dataset.sent) next = setTimeout(anew, 2000);
    };
    tick();
    // Timers sleep while a phone does.
    document.addEventListener("visibilitychange", tick);
  }

  const { poll, next, every } = one("[data-poll]")?.dataset || {};
  const ask = async () => {
    try {
      const answer = await fetch(poll, { cache: "no-store" });
      if (answer.ok && (await answer.json()).settled) return location.replace(next);
    } catch {}
    setTimeout(ask, every * 1000);
  };
  if (poll) setTimeout(ask, 1500);

  const forward = one("[data-forward]");
  if (forward) {
    const end = Date.now() + forward.dataset.forward * 1000;
    let going;
    const go = () => {
      const seconds = Math.ceil((end - Date.now()) / 1000);
      if (seconds < 1) return location.assign(forward.dataset.to);
      for (const line of all("[data-tick]", forward)) line.hidden = +line.dataset.tick !== seconds;
      going = setTimeout(go, (end - Date.now()) % 1000 || 1000);
    };
    go();
    const stay = one("button", forward);
    stay.hidden = false;
    stay.onclick = () => (clearTimeout(going), forward.remove());
  }

  for (const button of all("[data-print], [data-copy]")) {
    button.hidden = false;
    button.onclick = async () => {
      if (!button.dataset.copy) return print();
      await navigator.clipboard.writeText(one("#" + button.dataset.copy).value);
      one("span", button).textContent = button.dataset.done;
    };
  }
})();
